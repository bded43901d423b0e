// SPDX-License-Identifier: Apache-2.0
#include "batch/journal.h"

#include <sys/stat.h>

#include <cerrno>
#include <string>
#include <thread>

#include "batch/manifest.h"
#include "support/catch.h"
#include "support/folders.h"

using namespace deckle;
using Strings = std::vector<std::string>;

namespace {

const std::string kHeader = R"({"deckle_manifest":1,"deckle":"test"})";
const std::string kDigest(64, 'a');

// The first line of a manifest with `records` lines after it.
std::string header_of(std::uint64_t records) {
  return with_records(kHeader, records) + "\n";
}

std::string line_of(const std::string& input, const std::string& output) {
  return R"({"input":")" + input + R"(","input_sha256":")" + kDigest + R"(","output":")" + output +
         R"(","output_sha256":")" + kDigest + R"(","bytes":7})" + "\n";
}

Entry entry_of(const std::string& path, int size = 7) {
  Entry entry;
  entry.path = path;
  entry.index = 3;
  entry.input = {static_cast<std::uint64_t>(size), 1'600'000'000'123'456'789};
  entry.input_sha256 = kDigest;
  entry.outputs = {{path + ".png", {7, 12}}};
  entry.lines = line_of(path, path + ".png");
  return entry;
}

std::string log_name(const std::string& id) {
  return ".manifest.jsonl." + id + ".log";
}

PreviousRuns load(const test::Folder& folder) {
  auto previous = PreviousRuns::load(folder / "manifest.jsonl");
  if (!previous) throw std::runtime_error(previous.error().message);
  return *std::move(previous);
}

// The entries that can be read back.
std::vector<Entry> entries(const PreviousRuns& previous) {
  std::vector<Entry> all;
  for (const PreviousRuns::Item& item : previous.items()) {
    if (auto entry = previous.read(item.location)) all.push_back(*std::move(entry));
  }
  return all;
}

PreviousRuns nothing() {
  const test::Folder empty;
  return load(empty);
}

}  // namespace

TEST_CASE("an entry keeps all its values, with any path", "[batch][journal]") {
  std::string all_bytes;
  for (int c = 1; c < 256; ++c)
    all_bytes += static_cast<char>(c);
  for (const std::string& path :
       {std::string("a"), all_bytes, std::string("\n"), std::string("\t\t"), std::string("\\"),
        std::string("\\n"), std::string("a\\\n\\t/\t\n\\\\b"), std::string("\xff\xfe/\x80"),
        std::string("R\tw\n"), std::string("E\t"), std::string("ends in \\")}) {
    Entry entry = entry_of("x");
    entry.path = path;
    entry.outputs = {{path, {1, 2}}, {path + path, {~std::uint64_t{0}, -5}}, {"plain", {}}};
    entry.input = {~std::uint64_t{0}, -1};
    for (const Status status : {Status::Written, Status::Skipped, Status::Failed}) {
      entry.status = status;
      for (const char* lines : {"", "{}\n", "{\"a\":1}\n{\"b\\n\":2}\n{}\n"}) {
        entry.lines = lines;
        for (const std::string& digest : {std::string(), kDigest}) {
          entry.input_sha256 = digest;
          for (const std::int64_t index : {std::int64_t{-1}, std::int64_t{0}, INT64_MAX}) {
            entry.index = index;
            const auto back = parse_entry(to_text(entry));
            REQUIRE(back);
            CHECK(*back == entry);
          }
        }
      }
    }
    entry.outputs.clear();
    CHECK(parse_entry(to_text(entry)) == entry);
  }
}

TEST_CASE("an entry that is cut, extended or changed anywhere is not valid", "[batch][journal]") {
  Entry entry = entry_of("a\n\t\\b");
  entry.outputs.push_back({"second", {1, 2}});
  entry.lines += line_of("a", "b");
  const std::string text = to_text(entry);
  for (std::size_t n = 0; n < text.size(); ++n) {
    INFO(n << " of " << text.size());
    CHECK_FALSE(parse_entry(text.substr(0, n)));
    for (const int bit : {0x01, 0x08, 0x80}) {
      std::string flipped = text;
      flipped[n] = static_cast<char>(flipped[n] ^ bit);
      CHECK_FALSE(parse_entry(flipped));
    }
    CHECK_FALSE(parse_entry(text.substr(0, n) + text.substr(n + 1)));
  }
  CHECK_FALSE(parse_entry(text + "\n"));
  CHECK_FALSE(parse_entry(text + text));
  CHECK_FALSE(parse_entry("\n" + text));
  CHECK(parse_entry(text) == entry);
}

TEST_CASE("a log that is cut at any byte keeps every entry that is whole", "[batch][journal]") {
  const test::Folder folder;
  const std::vector<Entry> whole{entry_of("a"), entry_of("b\n"), entry_of("c\xff")};
  std::string text = kHeader + "\n";
  std::vector<std::size_t> ends;
  for (const Entry& entry : whole) {
    text += to_text(entry);
    ends.push_back(text.size());
  }
  for (std::size_t n = 0; n <= text.size(); ++n) {
    INFO(n << " of " << text.size());
    folder.put(log_name("x"), text.substr(0, n));
    const PreviousRuns previous = load(folder);
    const auto expected =
        std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end <= n; });
    CHECK(entries(previous) == std::vector<Entry>(whole.begin(), whole.begin() + expected));
    CHECK(previous.header() == (n > kHeader.size() ? kHeader : ""));
    CHECK(previous.logs() == Strings{folder / log_name("x")});
    CHECK_FALSE(previous.has_state());
  }
}

TEST_CASE("other text between and after entries damages none of them", "[batch][journal]") {
  const test::Folder folder;
  const std::vector<Entry> whole{entry_of("a"), entry_of("b"), entry_of("c")};
  const std::string half = to_text(entry_of("d")).substr(0, 60);
  for (const std::string& rubbish :
       {std::string("rubbish\n"), std::string(3, '\0') + "\n", half + "\n", std::string("R\t\n"),
        std::string("E\t0123456789abcdef\n"), std::string("F\t1\t2\t3\t4\n"), std::string("\n\n\n"),
        std::string("{\"input\":\"d\"}\n"), std::string(400000, 'x') + "\n",
        std::string("R\tw\t1\t2\t3\t-\t0\t0\td\n")}) {
    INFO(rubbish.substr(0, 40));
    std::string text = kHeader + "\n";
    for (const Entry& entry : whole)
      text += rubbish + to_text(entry);
    for (const std::string& end : {rubbish, half, std::string()}) {
      folder.put(log_name("x"), text + end);
      CHECK(entries(load(folder)) == whole);
    }
  }
  // Without a newline it costs the entry that it runs into, and no other.
  folder.put(log_name("x"),
             kHeader + "\n" + to_text(whole[0]) + half + to_text(whole[1]) + to_text(whole[2]));
  CHECK(entries(load(folder)) == std::vector<Entry>{whole[0], whole[2]});
}

TEST_CASE("a changed byte damages only its own entry", "[batch][journal]") {
  const test::Folder folder;
  const std::string before = kHeader + "\n" + to_text(entry_of("a"));
  const std::string middle = to_text(entry_of("b"));
  const std::string after = to_text(entry_of("c"));
  for (std::size_t n = 0; n + 1 < middle.size(); ++n) {
    INFO(n);
    std::string flipped = middle;
    flipped[n] = static_cast<char>(flipped[n] ^ 0x04);
    folder.put(log_name("x"), before + flipped + after);
    CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a"), entry_of("c")});
  }
}

TEST_CASE("of several entries of one input the last one counts", "[batch][journal]") {
  const test::Folder folder;
  const auto text = [](int size) { return kHeader + "\n" + to_text(entry_of("a", size)); };
  const auto kept = [&] {
    const std::vector<Entry> all = entries(load(folder));
    REQUIRE(all.size() == 1);
    return all.front().input.size;
  };
  folder.put(".manifest.jsonl.journal", text(1));
  CHECK(kept() == 1);
  folder.put(log_name("x"), text(2) + to_text(entry_of("a", 3)));
  CHECK(kept() == 3);
  folder.put(log_name("y"), text(4));
  CHECK(kept() == 4);
  folder.put(log_name("w"), text(5));
  CHECK(kept() == 4);
  CHECK(load(folder).logs() ==
        Strings{folder / log_name("w"), folder / log_name("x"), folder / log_name("y")});
  CHECK(load(folder).has_state());

  // Journals of other manifests are not read.
  folder.put(".manifest-0000-of-0002.jsonl.journal", text(6));
  folder.put(".manifest-0000-of-0002.jsonl.z.log", text(7));
  CHECK(kept() == 4);
}

TEST_CASE("entries under another header are left out", "[batch][journal]") {
  const test::Folder folder;
  const std::string other = R"({"deckle_manifest":1,"deckle":"other"})";
  folder.put(".manifest.jsonl.journal", kHeader + "\n" + to_text(entry_of("a")));
  folder.put(log_name("x"), other + "\n" + to_text(entry_of("b")));
  folder.put(log_name("y"), kHeader + "\n" + to_text(entry_of("c")));
  const PreviousRuns previous = load(folder);
  CHECK(previous.header() == kHeader);
  CHECK(entries(previous) == std::vector<Entry>{entry_of("a"), entry_of("c")});
  CHECK(previous.logs().size() == 2);

  // A file that does not begin with a header says nothing.
  folder.put(log_name("z"), to_text(entry_of("d")));
  CHECK(entries(load(folder)).size() == 2);
}

TEST_CASE("items are sorted by path, and outputs are those of all entries", "[batch][journal]") {
  const test::Folder folder;
  folder.put(".manifest.jsonl.journal",
             kHeader + "\n" + to_text(entry_of("c")) + to_text(entry_of("a/b")));
  folder.put(log_name("x"), kHeader + "\n" + to_text(entry_of("a")) + to_text(entry_of("b\n")));
  const PreviousRuns previous = load(folder);
  Strings paths;
  for (const PreviousRuns::Item& item : previous.items())
    paths.push_back(item.path);
  CHECK(paths == Strings{"a", "a/b", "b\n", "c"});
  CHECK(previous.outputs() ==
        std::unordered_set<std::string>{"a.png", "a/b.png", "b\n.png", "c.png"});
}

TEST_CASE("without a journal the manifest shows what is finished", "[batch][journal]") {
  const test::Folder folder;
  const std::string copies = line_of("a", "a_000.png") + line_of("a", "a_001.png");
  const std::string failed = R"({"input":"b","error":{"code":"truncated","message":"m"}})"
                             "\n";
  const std::string skipped = R"({"input":"c","input_sha256":")" + kDigest +
                              R"(","skipped":"too small"})"
                              "\n";
  folder.put("manifest.jsonl", kHeader + "\n" + copies + failed + skipped);
  const PreviousRuns previous = load(folder);
  CHECK(previous.header() == kHeader);
  CHECK_FALSE(previous.seal());
  CHECK_FALSE(previous.has_state());
  const auto all = entries(previous);
  REQUIRE(all.size() == 3);
  CHECK(all[0].path == "a");
  CHECK(all[0].status == Status::Written);
  CHECK(all[0].index == -1);
  CHECK(all[0].input == FileStamp{});
  CHECK(all[0].input_sha256 == kDigest);
  CHECK(all[0].outputs == std::vector<EntryOutput>{{"a_000.png", {7, 0}}, {"a_001.png", {7, 0}}});
  CHECK(all[0].lines == copies);
  CHECK(all[1].status == Status::Failed);
  CHECK(all[1].lines == failed);
  CHECK(all[2].status == Status::Skipped);
  CHECK(all[2].lines == skipped);
}

TEST_CASE("invalid lines of a manifest are ignored", "[batch][journal]") {
  const test::Folder folder;
  for (const std::string& bad :
       {std::string("{\"input\":\n"), std::string("[]\n"), std::string("\n"),
        std::string("{\"input\":7}\n"), std::string("\xff\xfe\n"),
        std::string("{\"input\":\"b\"}"),  // cut off
        std::string(R"({"input":"b","output":"b.png","output_sha256":"zz","bytes":7})"
                    "\n")}) {
    INFO(bad);
    folder.put("manifest.jsonl", kHeader + "\n" + line_of("a", "a.png") + bad);
    CHECK(entries(load(folder)).size() == 1);
    if (!bad.ends_with('\n')) continue;
    folder.put("manifest.jsonl", kHeader + "\n" + bad + line_of("a", "a.png"));
    CHECK(entries(load(folder)).size() == 1);
  }
  folder.put("manifest.jsonl", "something else\n");
  const auto previous = PreviousRuns::load(folder / "manifest.jsonl");
  REQUIRE_FALSE(previous);
  CHECK(previous.error() ==
        Error{ErrorCode::Usage, folder / "manifest.jsonl" + ": not a deckle manifest", 0});
}

TEST_CASE("a bad line among an input's copies does not make the rest pass for all of them",
          "[batch][journal]") {
  const test::Folder folder;
  const std::string good = line_of("a", "a_000.png") + line_of("a", "a_002.png");
  const std::string long_bad =
      R"({"input":"a","output":"a_001.png",)" + std::string(500, '-') + "\n";
  folder.put("manifest.jsonl",
             kHeader + "\n" + line_of("a", "a_000.png") + long_bad + line_of("a", "a_002.png"));
  for (const Entry& entry : entries(load(folder)))
    CHECK(good.find(entry.lines) != std::string::npos);
}

TEST_CASE("a state without its beginning, and logs, do not hide the manifest", "[batch][journal]") {
  const test::Folder folder;
  folder.put("manifest.jsonl", kHeader + "\n" + line_of("a", "a.png") + line_of("b", "b.png"));
  for (const std::string& state : {std::string(), std::string("rubbish\n"), kHeader.substr(0, 9)}) {
    folder.put(".manifest.jsonl.journal", state);
    CHECK(entries(load(folder)).size() == 2);
  }
  // A run that continued from the manifest alone and was killed: its log contains what it finished.
  std::filesystem::remove(folder / ".manifest.jsonl.journal");
  folder.put(log_name("x"), kHeader + "\n" + to_text(entry_of("b")));
  const auto all = entries(load(folder));
  REQUIRE(all.size() == 2);
  CHECK(all[0].path == "a");
  CHECK(all[1] == entry_of("b"));
}

TEST_CASE("a finished run leaves a manifest and a state that is sealed", "[batch][journal]") {
  const test::Folder folder;
  const std::string manifest = folder / "manifest.jsonl";
  Strings steps;
  const PreviousRuns previous = nothing();
  {
    Journal journal(manifest, kHeader, previous, 4,
                    [&](std::string_view step) { steps.emplace_back(step); });
    CHECK(test::names(folder.path()).empty());
    CHECK_FALSE(journal.has(2));
    REQUIRE(journal.append(2, entry_of("c")));
    REQUIRE(journal.append(0, entry_of("a", 1)));
    REQUIRE(journal.append(0, entry_of("a", 2)));
    CHECK(journal.has(2));
    CHECK_FALSE(journal.has(1));
    CHECK(journal.read(0) == entry_of("a", 2));
    CHECK_FALSE(journal.read(1));
    CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a", 2), entry_of("c")});
    CHECK(steps.empty());
    REQUIRE(journal.finish(R"({"the":"header"})", {}, {}, 99, false));
  }
  CHECK(test::text_of(manifest) ==
        "{\"the\":\"header\",\"records\":2}\n" + entry_of("a").lines + entry_of("c").lines);
  CHECK(test::names(folder.path()) == Strings{".manifest.jsonl.journal", "manifest.jsonl"});
  CHECK(steps == Strings{"before the manifest is renamed", "after the manifest is renamed",
                         "before the log is renamed", "after the log is renamed",
                         "after the logs are removed"});
  const PreviousRuns after = load(folder);
  CHECK(after.has_state());
  CHECK(after.logs().empty());
  CHECK(after.header() == kHeader);
  CHECK(entries(after) == std::vector<Entry>{entry_of("a", 2), entry_of("c")});
  CHECK(after.seal() == Seal{*stamp_of(manifest), 99});

  const std::string state = test::text_of(state_path(manifest));
  for (std::size_t cut = 1; state[state.size() - cut - 1] != '\n'; ++cut) {
    folder.put(".manifest.jsonl.journal", state.substr(0, state.size() - cut));
    CHECK_FALSE(load(folder).seal());
    CHECK(entries(load(folder)).size() == 2);
    std::string flipped = state;
    flipped[state.size() - 1 - cut] ^= 1;
    folder.put(".manifest.jsonl.journal", flipped);
    CHECK_FALSE(load(folder).seal());
  }
}

TEST_CASE("a run that changed nothing writes nothing", "[batch][journal]") {
  const test::Folder folder;
  const std::string manifest = folder / "manifest.jsonl";
  const PreviousRuns none = nothing();
  Journal first(manifest, kHeader, none, 2, {});
  REQUIRE(first.append(0, entry_of("a")));
  REQUIRE(first.append(1, entry_of("b")));
  REQUIRE(first.finish(kHeader, {}, {}, 5, false));
  const auto before = test::tree(folder.path());
  const auto old = std::filesystem::last_write_time(manifest) - std::chrono::hours(1);

  const auto again = [&](std::uint64_t inputs, bool pruned, bool take_all) {
    const PreviousRuns previous = load(folder);
    Strings steps;
    Journal journal(manifest, kHeader, previous, 2,
                    [&](std::string_view step) { steps.emplace_back(step); });
    journal.keep(0, previous.items()[0].location, 1);
    if (take_all) journal.keep(1, previous.items()[1].location, 1);
    const std::vector<EntryLocation> gone =
        take_all ? std::vector<EntryLocation>{}
                 : std::vector<EntryLocation>{previous.items()[1].location};
    REQUIRE(journal.finish(kHeader, {}, gone, inputs, pruned));
    return steps;
  };
  CHECK(again(5, false, true).empty());
  CHECK(test::tree(folder.path()) == before);

  // Another list of inputs, something pruned, a manifest that somebody touched: it is written.
  CHECK(again(5, true, true).size() == 5);
  CHECK(again(6, false, true).size() == 5);
  std::filesystem::last_write_time(manifest, old);
  CHECK(again(6, false, true).size() == 5);
  CHECK(again(6, false, true).empty());
  folder.put("manifest.jsonl", kHeader + "\n");
  CHECK(again(6, false, true).size() == 5);
  std::filesystem::remove(manifest);
  CHECK(again(6, false, true).size() == 5);
  CHECK(test::text_of(manifest) == before.at("manifest.jsonl"));

  // What is gone leaves the manifest but stays in the state.
  CHECK(again(7, false, false).size() == 5);
  CHECK(test::text_of(manifest) == header_of(1) + entry_of("a").lines);
  CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a"), entry_of("b")});
}

TEST_CASE("kept and new entries are merged, and old logs are deleted", "[batch][journal]") {
  const test::Folder folder;
  const std::string manifest = folder / "manifest.jsonl";
  folder.put(".manifest.jsonl.journal", kHeader + "\n" + to_text(entry_of("a")));
  folder.put(log_name("x"), kHeader + "\n" + to_text(entry_of("b")) + to_text(entry_of("d")));
  const PreviousRuns previous = load(folder);
  {
    Journal journal(manifest, kHeader, previous, 3, {});
    journal.keep(1, previous.items()[1].location, 1);
    REQUIRE(journal.append(2, entry_of("c")));
    REQUIRE(journal.append(0, entry_of("a", 70)));
    REQUIRE(journal.finish(kHeader, {}, {previous.items()[2].location}, 1, false));
  }
  CHECK(test::text_of(manifest) ==
        header_of(3) + entry_of("a").lines + entry_of("b").lines + entry_of("c").lines);
  CHECK(test::names(folder.path()) == Strings{".manifest.jsonl.journal", "manifest.jsonl"});
  CHECK(entries(load(folder)) ==
        std::vector<Entry>{entry_of("a", 70), entry_of("b"), entry_of("c"), entry_of("d")});
}

TEST_CASE("entries that come from a manifest alone go into the state", "[batch][journal]") {
  const test::Folder folder;
  const std::string manifest = folder / "manifest.jsonl";
  const std::string lines =
      line_of("a", "a_000.png") + line_of("a", "a_001.png") + line_of("b", "b.png");
  folder.put("manifest.jsonl", kHeader + "\n" + lines);
  const PreviousRuns previous = load(folder);
  {
    Journal journal(manifest, kHeader, previous, 2, {});
    journal.keep(0, previous.items()[0].location, 2);
    journal.keep(1, previous.items()[1].location, 1);
    REQUIRE(journal.finish(kHeader, {}, {}, 1, false));
  }
  CHECK(test::text_of(manifest) == header_of(3) + lines);
  const PreviousRuns after = load(folder);
  CHECK(after.has_state());
  CHECK(after.seal());
  CHECK(entries(after) == entries(previous));
}

TEST_CASE("entries of several threads do not mix", "[batch][journal]") {
  constexpr std::size_t kInputs = 400;
  const test::Folder folder;
  const PreviousRuns previous = nothing();
  Journal journal(folder / "manifest.jsonl", kHeader, previous, kInputs, {});
  const auto entry = [](std::size_t i) {
    return entry_of(std::to_string(100000 + i) + std::string(i % 97, '-'));
  };
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (std::size_t i = t; i < kInputs; i += 4)
        (void)journal.append(kInputs - 1 - i, entry(kInputs - 1 - i));
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  REQUIRE(journal.finish(kHeader, {}, {}, 1, false));
  std::string expected = header_of(kInputs);
  std::vector<Entry> all;
  for (std::size_t i = 0; i < kInputs; ++i) {
    all.push_back(entry(i));
    expected += all.back().lines;
  }
  CHECK(test::text_of(folder / "manifest.jsonl") == expected);
  CHECK(entries(load(folder)) == all);
}

TEST_CASE("a log that cannot grow keeps whole entries and says why", "[batch][journal]") {
  const test::Folder folder;
  const PreviousRuns previous = nothing();
  Journal journal(folder / "manifest.jsonl", kHeader, previous, 3, {});
  REQUIRE(journal.append(0, entry_of("a")));
  Result<Done> full = Done{};
  {
    const test::FileSizeLimit limit(kHeader.size() + to_text(entry_of("a")).size() + 50);
    full = journal.append(1, entry_of("b"));
  }
  REQUIRE_FALSE(full);
  CHECK(full.error() == Error{ErrorCode::Write, "cannot write: File too large", EFBIG});
  CHECK_FALSE(journal.has(1));
  CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a")});
  REQUIRE(journal.append(2, entry_of("c")));
  CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a"), entry_of("c")});
}

TEST_CASE("a manifest that does not fit leaves the log, the old manifest and no temporary",
          "[batch][journal]") {
  const test::Folder folder;
  folder.put("manifest.jsonl", kHeader + "\n");
  const PreviousRuns previous = load(folder);
  Journal journal(folder / "manifest.jsonl", kHeader, previous, 1, {});
  REQUIRE(journal.append(0, entry_of("a")));
  Result<Done> full = Done{};
  {
    const test::FileSizeLimit limit(50);
    full = journal.finish(kHeader, {}, {}, 1, false);
  }
  REQUIRE_FALSE(full);
  CHECK(full.error() == Error{ErrorCode::Write, "cannot write: File too large", EFBIG});
  CHECK(test::text_of(folder / "manifest.jsonl") == kHeader + "\n");
  CHECK(test::names(folder.path()).size() == 2);
  CHECK(entries(load(folder)) == std::vector<Entry>{entry_of("a")});
}

TEST_CASE("a journal that cannot be created is an error with errno's text", "[batch][journal]") {
  const test::Folder folder;
  folder.put("file", "");
  const PreviousRuns previous = nothing();
  Journal journal(folder / "file/manifest.jsonl", kHeader, previous, 1, {});
  const auto appended = journal.append(0, entry_of("a"));
  REQUIRE_FALSE(appended);
  CHECK(appended.error().message == "cannot write: Not a directory");
}

TEST_CASE("a manifest that says how many records it has is taken only with as many",
          "[batch][journal]") {
  const test::Folder folder;
  const std::string lines = line_of("a", "a.png") + line_of("b", "b.png");
  folder.put("manifest.jsonl", header_of(2) + lines);
  const PreviousRuns previous = load(folder);
  CHECK(previous.header() == kHeader);
  CHECK(entries(previous).size() == 2);
  for (const std::uint64_t said : {1, 3}) {
    folder.put("manifest.jsonl", header_of(said) + lines);
    const auto refused = PreviousRuns::load(folder / "manifest.jsonl");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message ==
          (folder / "manifest.jsonl") + ": has 2 records, and its header says " +
              std::to_string(said) +
              ": it was cut short or edited; if it was edited on purpose, correct \"records\" "
              "in its first line");
  }
}

TEST_CASE("an entry with a path outside the folder is reported and never returned",
          "[batch][journal]") {
  const test::Folder folder;
  for (const std::string bad : {"../victim", "/etc/victim", "a/../../victim", "", "a/"}) {
    INFO(bad);
    Entry hostile = entry_of("gone");
    hostile.outputs = {{bad, {7, 12}}};
    CHECK_FALSE(parse_entry(to_text(hostile)));
    folder.put(".manifest.jsonl.journal", kHeader + "\n" + to_text(hostile));
    const PreviousRuns previous = load(folder);
    REQUIRE(previous.items().size() == 1);
    CHECK_FALSE(previous.failure());
    CHECK_FALSE(previous.read(previous.items()[0].location));
    REQUIRE(previous.failure());
    CHECK(previous.failure()->message ==
          (folder / ".manifest.jsonl.journal") + ": names " + bad +
              ", which is outside the folder; no run of deckle wrote that. Move this file away");
    CHECK(previous.outputs().empty());
  }
  // The same for a manifest without a journal.
  std::filesystem::remove(folder / ".manifest.jsonl.journal");
  folder.put("manifest.jsonl", kHeader + "\n" + line_of("a", "../victim"));
  CHECK_FALSE(PreviousRuns::load(folder / "manifest.jsonl"));
  folder.put("manifest.jsonl", kHeader + "\n" + line_of("../a", "a.png"));
  CHECK_FALSE(PreviousRuns::load(folder / "manifest.jsonl"));
}

TEST_CASE("damaged entries are left out silently: only a whole entry can be hostile",
          "[batch][journal]") {
  const test::Folder folder;
  Entry entry = entry_of("a");
  std::string text = to_text(entry);
  text.replace(text.find("a.png"), 5, "../x.");
  folder.put(".manifest.jsonl.journal", kHeader + "\n" + text);
  const PreviousRuns previous = load(folder);
  REQUIRE(previous.items().size() == 1);
  CHECK_FALSE(previous.read(previous.items()[0].location));
  CHECK_FALSE(previous.failure());
}

TEST_CASE("a pipe in the place of a journal or manifest is refused at once", "[batch][journal]") {
  for (const char* name : {"manifest.jsonl", ".manifest.jsonl.journal", ".manifest.jsonl.x.log"}) {
    INFO(name);
    const test::Folder folder;
    REQUIRE(::mkfifo((folder / name).c_str(), 0600) == 0);
    const auto refused = PreviousRuns::load(folder / "manifest.jsonl");
    REQUIRE_FALSE(refused);
    CHECK(refused.error().message == (folder / name) + ": not a regular file");
  }
}
