// SPDX-License-Identifier: Apache-2.0
#include "session.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>

#include "batch/archive.h"
#include "batch/stack.h"
#include "core/text.h"
#include "dataset/files.h"
#include "depfile.h"
#include "signals.h"

namespace deckle::cli {
namespace {

// "424 up to date, 2 written, 2 failed".
std::string tally(const RunResult& result, const InputList& inputs, std::size_t missing,
                  bool verbose) {
  std::string text;
  const auto add = [&](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (result.up_to_date > 0) add(grouped(result.up_to_date) + " up to date");
  if (result.retried > 0) add(grouped(result.retried) + " tried again");
  if (result.written > 0 || text.empty()) {
    add(grouped(result.written) + " written" +
        (result.outputs != result.written ? " (" + count_of(result.outputs, "file") + ")" : ""));
  }
  if (result.skipped > 0) add(grouped(result.skipped) + " skipped");
  if (result.failed > 0 || verbose) add(grouped(result.failed) + " failed");
  if (missing > 0) add(grouped(missing) + " missing");
  if (result.noted > 0)
    add(grouped(result.noted) + " with a note" + (verbose ? "" : " (-v shows it)"));
  if (result.not_images > 0) add(count_of(result.not_images, "file") + " skipped (no images)");
  if (!inputs.left_out.empty()) add(left_out_text(inputs));
  if (result.kept > 0) add(count_of(result.kept, "record") + " kept from earlier runs");
  return text;
}

class Session {
 public:
  Session(const InputList& inputs, const OutputFolder& folder, const SessionOptions& options,
          Report& report)
      : inputs_(inputs), folder_(folder), options_(options), report_(report) {}

  int run(const Chain& chain, RunOptions run) {
    report_.info(options_.start);
    records_ = run.record;
    run.stop = &caught_signal();
    run.at_work = &at_work_;
    run.report = [&](const ImageReport& image) { say(image); };
    catch_signals();
    const auto begin = std::chrono::steady_clock::now();
    report_.start(inputs_.files.size());
    RunResult result = [&] {
      const SignalWatch watch(report_, at_work_);
      return run_chain(chain, inputs_, folder_, run);
    }();
    report_.finish();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.not_images += options_.not_images;
    report_.rest_of_failures(
        options_.failed.empty()
            ? "--failed F lists all of them, -v names them here"
            : (options_.failed == "-" ? "standard output" : printable(options_.failed)) +
                  " lists all of them");
    tell_gone(result, run);
    tell_left_behind(result);
    tell_undeleted(result);
    if (depth_failed_ && chain.of_model) {
      report_.info(
          "a Keras model does not describe outputs: put its layers, without InputLayer, into a "
          "chain "
          "file, {\"layers\": "
          "[..], \"output\": {\"dtype\": \"uint8\"}}, or give another --format");
    }
    const int exit = conclude(chain, result, seconds);
    if (!chain.output.stack || !result.finished || !records_) return exit;
    return stack(run.shard, exit, run.sync != Sync::None);
  }

 private:
  void say(const ImageReport& image) {
    switch (image.outcome) {
      case Outcome::Failed:
        report_.failure(image.file, *image.error);
        if (!options_.failed.empty()) failed_.push_back(image.file);
        depth_failed_ = depth_failed_ || image.error->code == ErrorCode::Depth;
        break;
      case Outcome::Skipped:
        report_.detail(printable(image.file) + ": skipped: " + image.note);
        break;
      case Outcome::NotAnImage:
        report_.detail(printable(image.file) + ": skipped: not an image");
        break;
      case Outcome::UpToDate:
        break;
      case Outcome::Written:
        if (!image.note.empty()) report_.warning(printable(image.file) + ": " + image.note);
        if (!image.remark.empty()) report_.detail(printable(image.file) + ": " + image.remark);
        for (const Effect effect : image.effects)
          report_.detail(printable(image.file) + ": " + text_of(effect));
        break;
    }
    report_.step(image.outcome == Outcome::Failed);
  }

  int stack(const std::optional<Shard>& shard, int exit, bool sync) {
    const auto stacks = stack_outputs(folder_.path(), folder_.manifest(), shard, sync);
    if (!stacks) {
      report_.error(stacks.error().message);
      return kExitStopped;
    }
    for (const std::string& problem : stacks->problems)
      report_.error("not stacked: " + problem);
    if (!stacks->problems.empty() && exit == kExitOk) exit = kExitImages;
    if (stacks->written.empty()) return exit;
    for (const std::string& path : stacks->written)
      report_.detail("stacked: " + printable(path));
    report_.info(count_of(stacks->written.size(), "array") + " stacked: " + stack_name(shard) +
                 (stacks->written.size() == 1 ? "" : ", each in its folder"));
    return exit;
  }

  void tell_gone(const RunResult& result, const RunOptions& run) {
    if (!result.finished) return;
    tell_named(
        result.changed,
        [](bool one) {
          return std::string(one ? " recorded input is another file"
                                 : " recorded inputs are other files") +
                 " now, and " + (one ? "was" : "were") +
                 " processed again; if files in two folders have the same name, --root DIR keeps "
                 "the folder in the name";
        },
        "is another file now");
    if (result.unseen > 0) {
      report_.warning(count_of(result.unseen, "record") +
                      " of inputs in folders that cannot be listed " +
                      (result.unseen == 1 ? "is" : "are") +
                      " of another chain, and left out of the manifest; the outputs are still "
                      "there");
    }
    if (result.gone.empty()) return;
    const bool one = result.gone.size() == 1;
    for (const std::string& input : result.gone)
      report_.detail(printable(input) + ": is not in the list of inputs");
    const std::string inputs = count_of(result.gone.size(), "recorded input") +
                               (one ? " is" : " are") + " not in the list of inputs";
    if (result.pruned > 0)
      return report_.info(inputs + "; " + count_of(result.pruned, "output") + " deleted");
    report_.info(inputs + " and left out of the manifest; " + (one ? "its" : "their") +
                 " outputs are still there (" +
                 (run.shard ? "" : "--add keeps the records, --prune deletes the outputs, ") +
                 "-v names " + (one ? "it" : "them") + ")");
  }

  void tell_left_behind(const RunResult& result) {
    if (result.removed > 0) {
      report_.info(count_of(result.removed, "output") + " of the previous run " +
                   (result.removed == 1 ? "was" : "were") + " deleted");
    }
    tell_named(
        result.left_behind,
        [](bool one) {
          return std::string(" of the previous run ") + (one ? "stays" : "stay") + ", because " +
                 (one ? "it is" : "they are") + " not as recorded; no manifest records " +
                 (one ? "it" : "them") + " now";
        },
        "stays, and is not as recorded", "output");
  }

  void tell_undeleted(const RunResult& result) {
    constexpr std::size_t kShown = 10;
    for (const std::string& stray : result.stray)
      report_.error(stray + "; it stays, and no manifest records it now");
    const std::size_t count = result.undeleted.size();
    for (std::size_t i = 0; i < count && i < kShown; ++i)
      report_.error(result.undeleted[i]);
    for (std::size_t i = kShown; i < count; ++i)
      report_.detail(result.undeleted[i]);
    if (count == 0) return;
    report_.error(count_of(count, "output") + " could not be deleted and " +
                  (count == 1 ? "stays" : "stay") + " recorded: the same command tries again" +
                  (count > kShown ? " (-v names all)" : ""));
  }

  // Prints a line with the count and the first names; with -v, all names.
  template <typename Say>
  void tell_named(const std::vector<std::string>& names, Say say, const std::string& detail,
                  const std::string& noun = "") {
    constexpr std::size_t kNamed = 3;
    if (names.empty()) return;
    std::string text = noun.empty() ? grouped(names.size()) : count_of(names.size(), noun);
    text += say(names.size() == 1) + ": ";
    for (std::size_t i = 0; i < names.size() && i < kNamed; ++i)
      text += (i > 0 ? ", " : "") + printable(names[i]);
    if (names.size() > kNamed) text += ", .. (-v names all)";
    report_.warning(text);
    for (std::size_t i = 0; names.size() > kNamed && i < names.size(); ++i)
      report_.detail(printable(names[i]) + ": " + detail);
  }

  void tell_effects(const EffectCounts& effects, Json& fields) {
    for (std::size_t i = 0; i < effects.size(); ++i) {
      const auto effect = static_cast<Effect>(i);
      if (effects.at(i) == 0) continue;
      fields["effects"] = by_name(effects);
      if (is_told_by_runs(effect)) report_.warning(text_of(effect, effects.at(i)));
    }
  }

  int conclude(const Chain& chain, const RunResult& result, double seconds) {
    const std::string manifest = folder_.manifest();
    const std::size_t worked = result.written + result.skipped + result.failed;
    const std::size_t done = worked + result.up_to_date;
    const double rate = seconds > 0 ? static_cast<double>(worked) / seconds : 0;
    Json fields{{"written", result.written},
                {"outputs", result.outputs},
                {"bytes", result.bytes},
                {"up_to_date", result.up_to_date},
                {"retried", result.retried},
                {"skipped", result.skipped},
                {"failed", result.failed},
                {"passed_over", result.not_images},  // the former name
                {"not_images", result.not_images},
                {"left_out", inputs_.left_out.size()},
                {"gone", result.gone.size()},
                {"pruned", result.pruned},
                {"kept", result.kept},
                {"removed", result.removed},
                {"seconds", seconds},
                {"images_per_second", rate},
                {"finished", result.finished}};
    if (options_.missing > 0) fields["missing"] = options_.missing;
    if (result.noted > 0) fields["noted"] = result.noted;
    if (!result.undeleted.empty()) fields["undeleted"] = result.undeleted.size();
    tell_effects(result.effects, fields);
    if (result.finished && records_) fields["manifest"] = to_utf8(manifest);

    int exit = result.failed > 0 || !result.undeleted.empty() || !result.stray.empty() ? kExitImages
                                                                                       : kExitOk;
    const std::size_t left = inputs_.files.size() + options_.not_images - done - result.not_images;
    const std::string state = grouped(result.written + result.up_to_date) + " written and whole, " +
                              grouped(left) + " left";
    if (result.fatal) {
      report_.error(result.fatal_file, *result.fatal);
      const bool full = result.fatal->sys_errno == ENOSPC || result.fatal->sys_errno == EDQUOT;
      report_.info("stopped: " + state + "; " + (full ? "free some space" : "fix this") +
                       " and run the same command to continue",
                   fields);
      exit = kExitStopped;
    } else if (result.no_images) {
      report_.error(no_images_text(inputs_, result.not_images));
      report_.info(
          std::string(stamp_of(manifest) ? "the manifest stays as it was" : "nothing was written") +
              "; use --allow-empty if this is intended",
          fields);
      exit = kExitImages;
    } else if (result.prunes_all) {
      report_.error("--prune would delete all recorded outputs: none of " +
                    count_of(result.gone.size(), "recorded input") + " is in the list of inputs");
      report_.info(
          "nothing was deleted, and the manifest stays as it was; use --prune=all if this is "
          "intended",
          fields);
      exit = kExitImages;
    } else if (caught_signal() != 0 && !result.finished) {
      report_.info("interrupted: " + state + "; the same command continues from here", fields);
      exit = 128 + caught_signal();
    } else if (!result.finished) {
      report_.info(
          "stopped at the first failure: " + state + "; the same command continues from here",
          fields);
    } else {
      report_.info(tally(result, inputs_, options_.missing, report_.verbose()) +
                       timing(worked, seconds, rate) +
                       (records_ ? " → " + printable(manifest) : ""),
                   fields);
    }
    if (!options_.failed.empty() && !write_failed()) exit = kExitStopped;
    if (!options_.summary.empty() && !write_text(options_.summary, fields.dump() + "\n", report_))
      exit = kExitStopped;
    if (!options_.depfile.empty() && result.finished) {
      if (!write_depfile(options_.depfile, manifest, prerequisites(chain), report_))
        exit = kExitStopped;
    }
    return exit;
  }

  // The prerequisites of the manifest: the chain, its weights, the list, every input, and the
  // listed folders. The time of a folder changes if a file is added or removed.
  [[nodiscard]] std::vector<std::string> prerequisites(const Chain& chain) const {
    std::vector<std::string> paths;
    for (const std::string& file : {options_.chain_file, options_.files_from}) {
      if (!file.empty() && file != "-") paths.push_back(file);
    }
    for (const std::string& file : chain.weight_files) {
      if (file != options_.chain_file) paths.push_back(file);
    }
    paths.insert(paths.end(), inputs_.folders.begin(), inputs_.folders.end());
    for (const InputFile& file : inputs_.files) {
      // The arrays of one archive are neighbours.
      std::string path = file_behind(inputs_.file_path(file));
      if (paths.empty() || paths.back() != path) paths.push_back(std::move(path));
    }
    return paths;
  }

  // Sorted, so that it is the same for any number of threads.
  bool write_failed() {
    std::sort(failed_.begin(), failed_.end());
    const char end = options_.null_separated ? '\0' : '\n';
    std::string text;
    bool whole = true;
    for (const std::string& path : failed_) {
      whole = whole && path.find(end) == std::string::npos;
      text += path;
      text += end;
    }
    if (!whole) {
      report_.warning(printable(options_.failed) +
                      ": a name in it contains a newline; with -0 the names end in a zero byte");
    }
    return write_text(options_.failed, text, report_);
  }

  static std::string timing(std::size_t worked, double seconds, double rate) {
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), " in %.2f s", seconds);
    std::string timing = text.data();
    if (worked > 0) timing += " (" + rate_text(rate) + ")";
    return timing;
  }

  const InputList& inputs_;
  const OutputFolder& folder_;
  const SessionOptions& options_;
  Report& report_;
  std::vector<std::string> failed_;  // the paths that were opened
  std::atomic<int> at_work_ = 0;
  bool records_ = true;
  bool depth_failed_ = false;  // an image failed because the output's format cannot store it
};

}  // namespace

constexpr std::size_t kShownRefusals = 10;

int refuse(Report& report, const std::vector<std::string>& reasons, const std::string& advice,
           int exit) {
  for (std::size_t i = 0; i < reasons.size() && i < kShownRefusals; ++i)
    report.error(reasons[i]);
  const std::size_t more = reasons.size() > kShownRefusals ? reasons.size() - kShownRefusals : 0;
  report.info((more > 0 ? "and " + grouped(more) + " more; " : "") +
              std::string("nothing was written; ") + advice);
  return exit;
}

std::string left_out_text(const InputList& inputs) {
  return grouped(inputs.left_out.size()) + " left out (hidden, or no files)";
}

std::string no_images_text(const InputList& inputs, std::size_t not_images) {
  std::string where;
  for (std::size_t i = 0; i < inputs.roots.size() && i < 3; ++i)
    where += (i > 0 ? ", " : "") + printable(inputs.roots[i].empty() ? "." : inputs.roots[i]);
  if (inputs.roots.size() > 3) where += ", ..";
  const std::size_t files = std::max(not_images, inputs.files.size());
  std::string text = inputs.names_from == NamesFrom::CurrentFolder && files == 0
                         ? "no image: the list of --files-from is empty"
                         : "no image in " + where + ": " +
                               (files == 0 ? "there are no files"
                                           : count_of(files, "file") + ", " +
                                                 (files == 1 ? "not an image" : "none an image"));
  if (!inputs.left_out.empty()) text += ", and " + left_out_text(inputs);
  return text;
}

int run_session(const Chain& chain, const InputList& inputs, const OutputFolder& folder,
                RunOptions run, const SessionOptions& options, Report& report) {
  return Session(inputs, folder, options, report).run(chain, std::move(run));
}

}  // namespace deckle::cli
