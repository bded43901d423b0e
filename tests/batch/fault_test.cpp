// SPDX-License-Identifier: Apache-2.0
// Runs that are killed, fill the disk, lose their folder or their inputs: files with final names
// are whole, and the next run ends as if nothing had happened.
#include <cerrno>
#include <chrono>
#include <random>
#include <thread>

#include "batch/engine.h"
#include "batch/manifest.h"
#include "batch/verify.h"
#include "core/json.h"
#include "dataset/identity.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::Child;
using test::crops;
using test::finish;
using test::Strings;

namespace {

constexpr int kFiles = 150;

// The name of the test case that Child starts.
const std::string kWorker = "a run in its own process";

struct Inputs {
  test::Folder folder;
  std::string in = folder / "in";
  std::string chain = crops(2);
  std::map<std::string, std::string> inputs;
  std::map<std::string, std::string> reference;

  explicit Inputs(int files = kFiles) {
    test::put_pictures(folder, "in", files);
    test::age(in);
    inputs = test::tree(in);
    reference = straight();
  }
  [[nodiscard]] std::map<std::string, std::string> straight() const {
    const test::Folder other;
    (void)finish(chain, in, other / "out");
    return test::visible(other / "out");
  }
  [[nodiscard]] Child::Variables task(const std::string& out) const {
    return {{"WORKER_CHAIN", chain}, {"WORKER_IN", in}, {"WORKER_OUT", out}};
  }
};

// Every file under a final name is one that the whole run makes, with the same bytes; `older` are
// those that may still be there from before. A manifest is whole or is not there.
void check_whole(const std::string& out, const std::map<std::string, std::string>& reference,
                 const std::map<std::string, std::string>& older = {}) {
  for (const auto& [name, content] : test::visible(out)) {
    INFO(name);
    const auto same = [&, &file = name, &bytes = content](const auto& known) {
      const auto found = known.find(file);
      return found != known.end() && found->second == bytes;
    };
    if (same(reference) || same(older)) continue;
    FAIL_CHECK("is not whole, or nobody knows it");
  }
  // Hidden ones are of the few known kinds.
  for (const std::string& name : test::names(out)) {
    if (!test::is_hidden(name)) continue;
    const std::string_view last = name_of_path(name);
    INFO(name);
    CHECK((last == ".deckle.lock" || last == ".manifest.jsonl.journal" ||
           (last.starts_with(".manifest.jsonl.") && last.ends_with(".log")) ||
           name.find(kTemporaryPrefix) != std::string::npos));
  }
}

// The run after it ends as one that was never interrupted, and the one after that does nothing.
void check_completes(const Inputs& inputs, const std::string& out,
                     const std::map<std::string, std::string>& reference) {
  test::GoOptions options;
  options.run.jobs = 2;
  const RunResult result = finish(inputs.chain, inputs.in, out, options);
  CHECK(result.written + result.up_to_date + result.failed + result.not_images ==
        inputs.inputs.size());
  const bool same = test::visible(out) == reference;
  CHECK(same);
  CHECK(test::leftovers(out).empty());
  const bool untouched = test::tree(inputs.in) == inputs.inputs;
  CHECK(untouched);
}

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

}  // namespace

// The process that the tests below start and kill. It kills itself at a given place.
TEST_CASE("a run in its own process", "[.][worker]") {
  const Chain chain = test::chain_of(test::variable("WORKER_CHAIN"));
  const std::string out = test::variable("WORKER_OUT");
  const std::string kill_step = test::variable("WORKER_KILL_STEP");
  const std::string kill_report = test::variable("WORKER_KILL_REPORT");
  test::GoOptions options;
  options.run.jobs = test::variable("WORKER_JOBS").empty() ? 2 : 1;
  if (!test::variable("WORKER_SYNC").empty()) options.run.sync = Sync::Batch;
  options.run.prune = !test::variable("WORKER_PRUNE").empty();
  if (const std::string shard = test::variable("WORKER_SHARD"); !shard.empty()) {
    const auto slash = shard.find('/');
    options.run.shard = Shard{static_cast<std::uint32_t>(std::stoul(shard.substr(0, slash))),
                              static_cast<std::uint32_t>(std::stoul(shard.substr(slash + 1)))};
  }
  const bool hold = !test::variable("WORKER_HOLD").empty();
  const std::string wait_for = test::variable("WORKER_WAIT_FOR");
  int steps = 0;
  int reports = 0;
  options.run.checkpoint = [&](std::string_view) {
    Child::tell('s');
    if (!kill_step.empty() && ++steps == std::stoi(kill_step)) ::raise(SIGKILL);
  };
  options.run.report = [&](const ImageReport&) {
    ++reports;
    if (reports == 1) Child::tell('1');
    if (!kill_report.empty() && reports == std::stoi(kill_report)) ::raise(SIGKILL);
    while (hold || (!wait_for.empty() && !test::exists(wait_for)))
      ::usleep(1000);
  };
  Child::tell('b');
  const RunResult result =
      test::go(test::variable("WORKER_CHAIN"), test::variable("WORKER_IN"), out, options);
  Child::tell(result.finished ? 'f' : 'n');
}

TEST_CASE("a run that is killed at random moments continues to the same bytes",
          "[batch][fault][kill]") {
  constexpr int kKills = 50;
  const Inputs inputs;
  // How long the work takes, without the start of the program.
  double whole = 0;
  {
    Child child(kWorker, inputs.task(inputs.folder / "timed"));
    REQUIRE(child.hear() == 'b');
    const auto begin = std::chrono::steady_clock::now();
    char last = 0;
    for (char c = child.hear(); c != 0; c = child.hear())
      last = c;
    whole = seconds_since(begin);
    REQUIRE(last == 'f');
    CHECK(child.wait() == 0);
    const bool same = test::visible(inputs.folder / "timed") == inputs.reference;
    REQUIRE(same);
  }
  std::mt19937 random(20261121);  // NOLINT: the same moments in every run
  std::uniform_real_distribution<double> share(0, 1.02);
  int killed = 0;
  int midway = 0;
  for (int i = 0; killed < kKills && i < 3 * kKills; ++i) {
    INFO("folder " << i);
    const std::string out = inputs.folder / ("out" + std::to_string(i));
    // Every fifth folder sees three runs die.
    for (int deaths = 0; deaths < (i % 5 == 0 ? 3 : 1); ++deaths) {
      Child child(kWorker, inputs.task(out));
      REQUIRE(child.hear() == 'b');
      std::this_thread::sleep_for(std::chrono::duration<double>(share(random) * whole));
      child.kill();
      const int status = child.wait();
      if (WIFSIGNALED(status)) {
        ++killed;
      } else {
        whole *= 0.9;  // the machine was busier when it was timed
      }
      check_whole(out, inputs.reference);
    }
    if (!test::exists(out + "/manifest.jsonl")) ++midway;
    check_completes(inputs, out, inputs.reference);
    std::filesystem::remove_all(out);
  }
  CHECK(killed >= kKills);
  CHECK(midway >= kKills / 4);
}

TEST_CASE("a run that is killed after any number of inputs continues to the same bytes",
          "[batch][fault][kill]") {
  const Inputs inputs(40);
  for (const int report : {1, 2, 3, 20, 39, 40}) {
    for (const auto& [jobs, sync] :
         {std::pair("", ""), std::pair("1", ""), std::pair("", "batch")}) {
      INFO(report << " inputs, jobs " << jobs << ", sync " << sync);
      const std::string out = inputs.folder / "out";
      Child::Variables task = inputs.task(out);
      task["WORKER_KILL_REPORT"] = std::to_string(report);
      task["WORKER_JOBS"] = jobs;
      task["WORKER_SYNC"] = sync;
      Child child(kWorker, task);
      CHECK(WTERMSIG(child.wait()) == SIGKILL);
      CHECK_FALSE(test::exists(out + "/manifest.jsonl"));
      check_whole(out, inputs.reference);
      test::GoOptions options;
      const RunResult result = finish(inputs.chain, inputs.in, out, options);
      // Nothing that was reported is processed twice: pictures are up to date, broken ones are
      // tried again.
      CHECK(result.up_to_date + result.retried + 8 >= static_cast<std::size_t>(report));
      const bool same = test::visible(out) == inputs.reference;
      CHECK(same);
      CHECK(test::leftovers(out).empty());
      std::filesystem::remove_all(out);
    }
  }
}

TEST_CASE("a run that is killed at any step of finishing continues to the same bytes",
          "[batch][fault][kill]") {
  Inputs inputs(20);
  // Without the broken ones, which every run tries again, so that a run may have nothing to note.
  for (int i = 0; i < 20; ++i) {
    if (test::kind_of(i) == test::Kind::Broken)
      std::filesystem::remove(inputs.in + "/" + test::name_of_picture(i));
  }
  struct Before {
    const char* name;
    std::function<void(const std::string&)> prepare;  // given a folder that is finished
    bool prune = false;
  };
  const std::string extra = inputs.in + "/f0/zz.png";
  const auto one_less = [&](const std::string& out) {
    inputs.folder.put("in/f0/zz.png", test::png(30, 30));
    test::set_mtime(extra, 1'600'000'000'000'000'000);
    (void)finish(inputs.chain, inputs.in, out);
    std::filesystem::remove(extra);
  };
  const Before kinds[] = {
      // NOLINT(modernize-avoid-c-arrays)
      {"from nothing", [](const std::string& out) { std::filesystem::remove_all(out); }},
      {"after a run that was killed",
       [&](const std::string& out) {
         std::filesystem::remove_all(out);
         Child::Variables task = inputs.task(out);
         task["WORKER_KILL_REPORT"] = "9";
         Child child(kWorker, task);
         REQUIRE(WTERMSIG(child.wait()) == SIGKILL);
       }},
      {"with one new input",
       [&](const std::string&) { inputs.folder.put("in/f0/zz.png", test::png(30, 30)); }},
      {"with one input less", one_less},
      {"with one input less, pruned", one_less, true},
      {"without a manifest",
       [](const std::string& out) { std::filesystem::remove(out + "/manifest.jsonl"); }},
      {"without a journal",
       [](const std::string& out) { std::filesystem::remove(out + "/.manifest.jsonl.journal"); }},
  };
  for (const Before& kind : kinds) {
    const std::string base = inputs.folder / "base";
    if (!test::exists(base)) (void)finish(inputs.chain, inputs.in, base);
    int steps = 0;
    std::map<std::string, std::string> straight;
    for (int step = 1;; ++step) {
      INFO(kind.name << ", step " << step);
      const std::string out = inputs.folder / "out";
      std::filesystem::remove_all(out);
      test::copy_folder(base, out);
      kind.prepare(out);
      if (step == 1) {
        inputs.inputs = test::tree(inputs.in);
        straight = inputs.straight();
      }
      auto expected = straight;
      const auto older = test::visible(out);
      Child::Variables task = inputs.task(out);
      task["WORKER_KILL_STEP"] = std::to_string(step);
      if (kind.prune) task["WORKER_PRUNE"] = "1";
      Child child(kWorker, task);
      const int status = child.wait();
      check_whole(out, expected, older);
      // What was made of an input that is gone stays, unless it is pruned.
      if (!kind.prune) {
        for (const auto& [name, content] : older) {
          if (!name.ends_with(".jsonl")) expected.emplace(name, content);
        }
      }
      check_completes(inputs, out, expected);
      if (WIFEXITED(status)) {
        CHECK(WEXITSTATUS(status) == 0);
        break;
      }
      CHECK(WTERMSIG(status) == SIGKILL);
      ++steps;
    }
    CHECK(steps == 5);
  }
}

TEST_CASE("after a kill between an image and its journal, a later run deletes unfinished files",
          "[batch][fault][kill]") {
  const Inputs inputs(20);
  const std::string out = inputs.folder / "out";
  (void)finish(inputs.chain, inputs.in, out);
  // As a run over a finished folder leaves it that was killed before its first entry.
  Identity dead = own_identity();
  dead.started += 1;
  inputs.folder.put("out/.deckle-" + to_text(dead) + "-0/7", "half an outp");
  inputs.folder.put("out/.deckle-" + to_text(dead) + "-8.tmp", "half a manif");
  check_completes(inputs, out, inputs.reference);
}

TEST_CASE("a lock dies with its process", "[batch][fault][lock]") {
  const Inputs inputs(20);
  const std::string out = inputs.folder / "out";
  Child::Variables task = inputs.task(out);
  task["WORKER_HOLD"] = "1";
  {
    Child child(kWorker, task);
    REQUIRE(child.hear() == 'b');
    REQUIRE(child.hear() == '1');
    CHECK(test::refusal(inputs.chain, inputs.in, out) ==
          out + ": another run is writing into this folder; wait for it, or give another -o");
    child.kill();
    (void)child.wait();
  }
  check_completes(inputs, out, inputs.reference);
}

TEST_CASE("a shard that was killed is run again alone", "[batch][fault][shard]") {
  const Inputs inputs(60);
  const std::string out = inputs.folder / "out";
  const auto run_shard = [&](unsigned index) {
    test::GoOptions options;
    options.run.shard = Shard{index, 3};
    (void)finish(inputs.chain, inputs.in, out, options);
  };
  run_shard(0);
  Child::Variables task = inputs.task(out);
  task["WORKER_SHARD"] = "1/3";
  task["WORKER_KILL_REPORT"] = "9";
  Child child(kWorker, task);
  CHECK(WTERMSIG(child.wait()) == SIGKILL);
  run_shard(2);
  auto pngs = [&] {
    auto all = test::visible(out);
    std::erase_if(all, [](const auto& file) { return file.first.ends_with(".jsonl"); });
    return all;
  };
  auto expected = inputs.reference;
  expected.erase("manifest.jsonl");
  for (const auto& [name, content] : pngs()) {
    const bool same = expected.contains(name) && expected.at(name) == content;
    CHECK(same);
  }
  CHECK_FALSE(test::exists(out + "/manifest-0001-of-0003.jsonl"));
  run_shard(1);
  const bool same = pngs() == expected;
  CHECK(same);
  CHECK(test::logs_of(out).empty());
}

TEST_CASE("two copies of one shard at once do not hurt each other", "[batch][fault][shard]") {
  const Inputs inputs(80);
  for (int round = 0; round < 6; ++round) {
    INFO("round " << round);
    const std::string out = inputs.folder / ("out" + std::to_string(round));
    Child::Variables task = inputs.task(out);
    task["WORKER_SHARD"] = "0/1";
    Child one(kWorker, task);
    if (round >= 2) task["WORKER_SYNC"] = "batch";
    Child two(kWorker, task);
    if (round % 2 == 1) {  // one of them dies
      REQUIRE(one.hear() == 'b');
      REQUIRE(one.hear() == '1');
      std::this_thread::sleep_for(std::chrono::milliseconds(10 * round));
      one.kill();
      (void)one.wait();
    } else {
      CHECK(one.wait() == 0);
    }
    char last = 0;
    for (char c = two.hear(); c != 0; c = two.hear())
      last = c;
    CHECK(last == 'f');
    CHECK(two.wait() == 0);
    auto visible = test::visible(out);
    const std::string manifest = visible["manifest-0000-of-0001.jsonl"];
    visible.erase("manifest-0000-of-0001.jsonl");
    auto expected = inputs.reference;
    const Strings lines = test::lines_of(expected.at("manifest.jsonl"));
    expected.erase("manifest.jsonl");
    const bool same = visible == expected;
    CHECK(same);
    const Strings got = test::lines_of(manifest);
    REQUIRE(got.size() == lines.size());
    CHECK(Strings(got.begin() + 1, got.end()) == Strings(lines.begin() + 1, lines.end()));
    // Each process continued from the other's log or removed it: nothing is lost, and another run
    // only checks files.
    test::GoOptions options;
    options.run.shard = Shard{0, 1};
    const RunResult again = finish(inputs.chain, inputs.in, out, options);
    CHECK(again.written == 0);
    CHECK(again.up_to_date == 64);
    CHECK(test::logs_of(out).empty());
  }
}

TEST_CASE("a copy of a shard that finishes first leaves the other one to finish too",
          "[batch][fault][shard]") {
  const Inputs inputs(40);
  const std::string out = inputs.folder / "out";
  Child::Variables task = inputs.task(out);
  task["WORKER_SHARD"] = "0/1";
  task["WORKER_WAIT_FOR"] = inputs.folder / "go on";
  Child slow(kWorker, task);
  REQUIRE(slow.hear() == 'b');
  REQUIRE(slow.hear() == '1');
  // The slow process has begun its log; the quick one continues from that log, and ends.
  test::GoOptions options;
  options.run.shard = Shard{0, 1};
  (void)finish(inputs.chain, inputs.in, out, options);
  const auto done = test::visible(out);
  inputs.folder.put("go on", "");
  char last = 0;
  for (char c = slow.hear(); c != 0; c = slow.hear())
    last = c;
  CHECK(last == 'f');
  CHECK(slow.wait() == 0);
  const bool same = test::visible(out) == done;
  CHECK(same);
  CHECK(test::leftovers(out).empty());
}

TEST_CASE("a finished shard keeps its manifest while it is right", "[batch][fault][shard]") {
  const Inputs inputs(30);
  const std::string out = inputs.folder / "out";
  const std::string manifest = out + "/manifest-0000-of-0001.jsonl";
  test::GoOptions options;
  options.run.shard = Shard{0, 1};
  const RunResult first = finish(inputs.chain, inputs.in, out, options);
  REQUIRE(first.failed == 3);
  const auto done = test::visible(out);
  Child::Variables task = inputs.task(out);
  task["WORKER_SHARD"] = "0/1";
  task["WORKER_KILL_REPORT"] = std::to_string(inputs.inputs.size());
  const auto killed_at_the_end = [&] {
    Child child(kWorker, task);
    return WTERMSIG(child.wait()) == SIGKILL;
  };
  // Another copy of it that comes late: what failed is tried again, and fails again.
  REQUIRE(killed_at_the_end());
  CHECK_FALSE(test::logs_of(out).empty());
  const bool as_it_was = test::visible(out) == done;
  CHECK(as_it_was);
  // Inputs that were touched.
  test::set_mtime(inputs.in + "/f1/001.png", 1'700'000'000'000'000'000);
  REQUIRE(killed_at_the_end());
  CHECK(test::text_of(manifest) == done.at("manifest-0000-of-0001.jsonl"));
  // A lost output is made once more; the manifest stays valid.
  REQUIRE(std::filesystem::remove(out + "/f2/002_000.png"));
  REQUIRE(killed_at_the_end());
  CHECK(test::text_of(manifest) == done.at("manifest-0000-of-0001.jsonl"));
  // One that failed no longer does: then the manifest would be wrong, and must not be merged.
  inputs.folder.put("in/f2/007.png", test::png(30, 30));
  REQUIRE(killed_at_the_end());
  CHECK_FALSE(test::exists(manifest));
  const RunResult last = finish(inputs.chain, inputs.in, out, options);
  CHECK(last.failed == 2);
  CHECK(test::exists(manifest));
}

TEST_CASE("a disk that runs full in the middle", "[batch][fault][full]") {
  const Inputs inputs(60);
  SECTION("a small file system") {
    const int jobs = GENERATE(1, 2);
    const Sync sync = GENERATE(Sync::None, Sync::Batch);
    const std::string mount = inputs.folder / "small";
    const test::SmallDisk disk(mount, "120k");
    if (!disk.good()) {
      WARN("SKIPPED: a small file system can only be mounted by root");
      return;
    }
    const std::string out = mount + "/out";
    test::GoOptions options;
    options.run.jobs = jobs;
    options.run.sync = sync;
    const RunResult result = test::go(inputs.chain, inputs.in, out, options);
    CHECK_FALSE(result.finished);
    REQUIRE(result.fatal);
    CHECK(result.fatal->code == ErrorCode::Write);
    CHECK(result.fatal->message == "cannot write: No space left on device");
    CHECK(result.fatal->sys_errno == ENOSPC);
    CHECK(result.fatal_file.starts_with(out + "/"));
    CHECK(result.written > 0);
    CHECK_FALSE(test::exists(out + "/manifest.jsonl"));
    check_whole(out, inputs.reference);
    for (const std::string& name : test::leftovers(out))
      CHECK(name.ends_with(".log"));
    // The disk is still full: the run stops again, not earlier. (Either of the two threads may have
    // been the slow one.)
    const RunResult second = test::go(inputs.chain, inputs.in, out, options);
    CHECK(second.fatal);
    if (jobs == 1 && sync == Sync::None) {
      CHECK(second.written == 0);
      CHECK(second.up_to_date == result.written);
    }
    check_whole(out, inputs.reference);
    REQUIRE(disk.remount("4m", false));
    check_completes(inputs, out, inputs.reference);
  }
  SECTION("every place where the disk may run full") {
    // From no room for a log to room for all but the end.
    int stopped = 0;
    for (rlim_t limit = 100; limit < 60000; limit = limit * 5 / 4) {
      INFO(limit);
      const std::string out = inputs.folder / "out";
      std::filesystem::remove_all(out);
      RunResult result;
      {
        const test::FileSizeLimit full(limit);
        result = test::go(inputs.chain, inputs.in, out);
      }
      if (result.fatal) {
        ++stopped;
        CHECK(result.fatal->message == "cannot write: File too large");
        CHECK_FALSE(result.finished);
      } else {
        CHECK(result.finished);
      }
      check_whole(out, inputs.reference);
      for (const std::string& name : test::leftovers(out))
        CHECK(name.ends_with(".log"));
      check_completes(inputs, out, inputs.reference);
    }
    CHECK(stopped >= 10);
  }
  SECTION("while a finished folder is brought up to date") {
    const std::string out = inputs.folder / "out";
    (void)finish(inputs.chain, inputs.in, out);
    const auto older = test::visible(out);
    inputs.folder.put("in/f0/zz.png", test::png(30, 30));
    inputs.folder.put("in/f0/000.jpg", test::jpg(40, 40));
    const auto reference = inputs.straight();
    for (rlim_t limit = 100; limit < 60000; limit = limit * 3 / 2) {
      INFO(limit);
      RunResult result;
      {
        const test::FileSizeLimit full(limit);
        result = test::go(inputs.chain, inputs.in, out);
      }
      check_whole(out, reference, older);
      if (!result.fatal) break;
      CHECK_FALSE(result.finished);
      CHECK(test::exists(out + "/manifest.jsonl"));
    }
    (void)finish(inputs.chain, inputs.in, out);
    const bool same = test::visible(out) == reference;
    CHECK(same);
    CHECK(test::leftovers(out).empty());
  }
}

TEST_CASE("an output folder that turns read-only meanwhile", "[batch][fault][readonly]") {
  const Inputs inputs(40);
  const std::string mount = inputs.folder / "mount";
  const test::SmallDisk disk(mount, "8m");
  if (!disk.good()) {
    WARN("SKIPPED: only root can turn a file system read-only");
    return;
  }
  const std::string out = mount + "/out";
  // Nothing may be open for writing when it is remounted, and the log is: so between two runs, and
  // in the middle of one the folder of the outputs alone goes.
  (void)test::go_part(inputs.chain, inputs.in, out, 10);
  REQUIRE(disk.remount("8m", true));
  CHECK(test::refusal(inputs.chain, inputs.in, out) ==
        out + "/.deckle.lock: cannot write: Read-only file system");
  test::GoOptions shard;
  shard.run.shard = Shard{0, 2};
  RunResult result = test::go(inputs.chain, inputs.in, out, shard);
  REQUIRE(result.fatal);
  CHECK(result.fatal->message == "cannot write: Read-only file system");
  check_whole(out, inputs.reference);
  REQUIRE(disk.remount("8m", false));
  check_completes(inputs, out, inputs.reference);

  // A file system over the folder of the next outputs, read-only.
  const std::string other = mount + "/other";
  std::filesystem::create_directories(other + "/f4");
  {
    const test::SmallDisk over(other + "/f4", "1m");
    REQUIRE(over.good());
    REQUIRE(over.remount("1m", true));
    result = test::go(inputs.chain, inputs.in, other);
    REQUIRE(result.fatal);
    CHECK(result.fatal->message == "cannot write: Read-only file system");
    CHECK(result.fatal_file.starts_with(other + "/f4/"));
    CHECK_FALSE(test::exists(other + "/manifest.jsonl"));
    check_whole(other, inputs.reference);
  }
  check_completes(inputs, other, inputs.reference);
}

TEST_CASE("a folder that may no longer be written to", "[batch][fault][readonly]") {
  if (::geteuid() == 0) {
    WARN("SKIPPED: root may write everywhere");
    return;
  }
  const Inputs inputs(40);
  const std::string out = inputs.folder / "out";
  std::size_t seen = 0;
  test::GoOptions options;
  options.run.report = [&](const ImageReport&) {
    if (++seen == 15) {
      for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
        if (entry.is_directory()) ::chmod(entry.path().c_str(), 0555);
      }
    }
  };
  const RunResult result = test::go(inputs.chain, inputs.in, out, options);
  REQUIRE(result.fatal);
  CHECK(result.fatal->message == "cannot write: Permission denied");
  check_whole(out, inputs.reference);
  for (const auto& entry : std::filesystem::recursive_directory_iterator(out)) {
    if (entry.is_directory()) ::chmod(entry.path().c_str(), 0755);
  }
  check_completes(inputs, out, inputs.reference);
}

TEST_CASE("inputs that disappear or change between listing and reading", "[batch][fault][inputs]") {
  const Inputs inputs(30);
  const std::string out = inputs.folder / "out";
  // With one thread and in order: what happens when the second is done happens to the later ones.
  const InputList list = test::inputs_of(test::chain_of(inputs.chain), inputs.in, out);
  const std::string gone = list.file_path(list.files[10]);
  const std::string changed = list.file_path(list.files[11]);
  const std::string folder = list.file_path(list.files[12]);
  const std::string pipe = list.file_path(list.files[13]);
  const std::string text = list.file_path(list.files[14]);
  const std::map<std::string, std::string> kept{{gone, test::text_of(gone)},
                                                {changed, test::text_of(changed)},
                                                {folder, test::text_of(folder)},
                                                {pipe, test::text_of(pipe)},
                                                {text, test::text_of(text)}};
  for (const auto& [path, content] : kept)
    REQUIRE(content.size() > 20);
  const test::File other = test::png(25, 26);
  std::size_t seen = 0;
  std::map<std::string, std::pair<Outcome, std::string>> reports;
  test::GoOptions options;
  options.run.report = [&](const ImageReport& image) {
    reports[image.file] = {image.outcome, image.error == nullptr ? "" : image.error->message};
    if (++seen != 2) return;
    for (const auto& [path, content] : kept)
      std::filesystem::remove(path);
    std::ofstream(changed, std::ios::binary)
        << std::string(reinterpret_cast<const char*>(other.data()), other.size());
    std::filesystem::create_directory(folder);
    ::mkfifo(pipe.c_str(), 0600);
    std::ofstream(text) << "not a picture any more, but its name says so";
  };
  const RunResult result = finish(inputs.chain, inputs.in, out, options);
  CHECK(reports[gone] ==
        std::pair(Outcome::Failed, std::string("cannot read: No such file or directory")));
  CHECK(reports[changed].first == Outcome::Written);
  CHECK(reports[folder] == std::pair(Outcome::Failed, std::string("not a regular file")));
  CHECK(reports[pipe] == std::pair(Outcome::Failed, std::string("not a regular file")));
  CHECK(reports[text].first == Outcome::Failed);
  CHECK(result.failed >= 4);
  CHECK(verify_manifest(out + "/manifest.jsonl", 1)->differences.empty());
  // The inputs are as before: the next run repairs the outputs.
  for (const auto& [path, content] : kept) {
    std::filesystem::remove_all(path);
    std::ofstream(path, std::ios::binary) << content;
  }
  test::age(inputs.in);
  check_completes(inputs, out, inputs.reference);
}

TEST_CASE("an input that changes during the run is not treated as unchanged",
          "[batch][fault][inputs]") {
  const Inputs inputs(30);
  const std::string out = inputs.folder / "out";
  (void)finish(inputs.chain, inputs.in, out);
  // Changed while the second run is at work, before and after it is looked at.
  const InputList list = test::inputs_of(test::chain_of(inputs.chain), inputs.in, out);
  std::size_t seen = 0;
  test::GoOptions options;
  options.run.report = [&](const ImageReport&) {
    if (++seen != 9) return;
    for (const std::size_t i : {std::size_t{3}, std::size_t{20}})
      std::ofstream(list.file_path(list.files[i]), std::ios::binary | std::ios::app) << "more";
  };
  (void)finish(inputs.chain, inputs.in, out, options);
  (void)finish(inputs.chain, inputs.in, out);
  const bool same = test::visible(out) == inputs.straight();
  CHECK(same);
}

TEST_CASE("a damaged journal costs only time", "[batch][fault][journal]") {
  const Inputs inputs(30);
  const std::string out = inputs.folder / "out";
  const auto broken_log = [&](const std::function<void(std::string&)>& breaks) {
    std::filesystem::remove_all(out);
    (void)test::go_part(inputs.chain, inputs.in, out, 20);
    const Strings logs = test::logs_of(out);
    REQUIRE(logs.size() == 1);
    std::string text = test::text_of(logs[0]);
    breaks(text);
    std::ofstream(logs[0], std::ios::binary) << text;
    check_completes(inputs, out, inputs.reference);
  };
  const auto broken_state = [&](const std::function<void(std::string&)>& breaks) {
    std::filesystem::remove_all(out);
    (void)finish(inputs.chain, inputs.in, out);
    std::string text = test::text_of(out + "/.manifest.jsonl.journal");
    breaks(text);
    inputs.folder.put("out/.manifest.jsonl.journal", text);
    check_completes(inputs, out, inputs.reference);
  };
  struct Break {
    const char* name;
    std::function<void(std::string&)> breaks;
  };
  const Break breaks[] = {
      // NOLINT(modernize-avoid-c-arrays)
      {"the last byte is missing", [](std::string& text) { text.pop_back(); }},
      {"cut in the middle of a line", [](std::string& text) { text.resize(text.size() / 2 + 3); }},
      {"cut in its header", [](std::string& text) { text.resize(20); }},
      {"empty", [](std::string& text) { text.clear(); }},
      {"rubbish at the end", [](std::string& text) { text += "R\tw\t\xff\xfe rubbish\n\n\0x"; }},
      {"zeros at the end, as after a loss of power",
       [](std::string& text) { text.replace(text.size() - 2000, 2000, 2000, '\0'); }},
      {"rubbish at the beginning", [](std::string& text) { text = "rubbish\n" + text; }},
      {"a byte that flipped in a path",
       [](std::string& text) { text[text.find("\tf1/") + 1] = 'g'; }},
      {"a byte that flipped in a line",
       [](std::string& text) { text[text.find("\"output\"", text.find('\n')) + 3] ^= 1; }},
      {"rubbish alone", [](std::string& text) { text = "rubbish"; }},
  };
  for (const Break& one : breaks) {
    DYNAMIC_SECTION("log: " << one.name) {
      broken_log(one.breaks);
    }
    DYNAMIC_SECTION("state: " << one.name) {
      broken_state(one.breaks);
    }
  }
}

TEST_CASE("a run over a manifest alone that is killed loses nothing", "[batch][fault][journal]") {
  const Inputs inputs(30);
  const std::string out = inputs.folder / "out";
  (void)finish(inputs.chain, inputs.in, out);
  std::filesystem::remove(out + "/.manifest.jsonl.journal");
  (void)test::go_part(inputs.chain, inputs.in, out, 7);
  check_completes(inputs, out, inputs.reference);
}

TEST_CASE("files and links outside of the output folder are never touched", "[batch][fault]") {
  const Inputs inputs(20);
  inputs.folder.put("victim/f1/001_000.png", "outside");
  const std::string out = inputs.folder / "out";
  std::filesystem::create_directories(out + "/f2");
  // A link with the name of an output: a foreign file.
  std::filesystem::create_symlink(inputs.folder / "victim/f1/001_000.png", out + "/f2/002_000.png");
  CHECK(test::refusal(inputs.chain, inputs.in, out) ==
        out + "/f2/002_000.png: already exists and was not made by a run into this folder");
  test::GoOptions options;
  options.overwrite = true;
  (void)finish(inputs.chain, inputs.in, out, options);
  CHECK(test::text_of(inputs.folder / "victim/f1/001_000.png") == "outside");
  CHECK_FALSE(std::filesystem::is_symlink(out + "/f2/002_000.png"));
  const bool same = test::visible(out) == inputs.reference;
  CHECK(same);
}
