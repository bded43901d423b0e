// SPDX-License-Identifier: Apache-2.0
#include <csignal>
#include <cstdio>
#include <limits>
#include <memory>
#include <random>

#include "arguments.h"
#include "batch/engine.h"
#include "batch/survey.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "dataset/outputs.h"
#include "plan.h"
#include "report.h"

namespace deckle::cli {
namespace {

struct RunArguments {
  ChainArguments chain;
  InputArguments inputs;
  std::string out;
  int jobs = 0;
  bool stop_on_error = false;
  bool overwrite = false;
  bool dry_run = false;
  std::string depfile;
  std::string summary;
  ReportOptions report;
};

std::atomic<int> interrupted{0};  // the signal; a handler can reach nothing else

extern "C" void on_signal(int signal) {
  interrupted = signal;
}

// The first signal asks the run to end, the second one ends it.
void catch_signals() {
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESETHAND;
  for (const int signal : {SIGINT, SIGTERM})
    ::sigaction(signal, &action, nullptr);
}

// Within 53 bits, so that every reader of JSON gets it exactly.
SeedPair seed_from_system() {
  std::random_device device;
  const std::uint64_t bits = (std::uint64_t{device()} << 32U | device()) >> 11U;
  return {static_cast<std::int64_t>(bits), 0};
}

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

// make's syntax: the manifest depends on every input.
std::string depfile_text(const std::string& target, const InputList& inputs) {
  const auto escaped = [](const std::string& path) {
    std::string text;
    for (const char c : path) {
      if (c == ' ' || c == '#' || c == '\\') text += '\\';
      if (c == '$') text += '$';
      text += c;
    }
    return text;
  };
  std::string text = escaped(target) + ":";
  for (const InputFile& file : inputs.files)
    text += " \\\n  " + escaped(inputs.file_path(file));
  return text + "\n";
}

bool write_text(const std::string& path, const std::string& text, Report& report) {
  auto pending = PendingFile::write(path, as_bytes(text));
  const auto written = pending ? pending->commit(true) : Result<Done>(pending.error());
  if (!written) report.error(path, written.error());
  return written.has_value();
}

std::string tally(const RunResult& result, bool verbose) {
  std::string text = grouped(result.written) + " written";
  if (result.outputs != result.written) text += " (" + grouped(result.outputs) + " files)";
  if (result.skipped > 0) text += ", " + grouped(result.skipped) + " skipped";
  if (result.failed > 0 || verbose) text += ", " + grouped(result.failed) + " failed";
  if (result.passed_over > 0)
    text += ", " + count_of(result.passed_over, "file") + " passed over (no images)";
  return text;
}

class RunCommand {
 public:
  explicit RunCommand(const RunArguments& arguments)
      : arguments_(arguments), report_(arguments.report) {}

  int run() {
    if (arguments_.chain.file == "-" && arguments_.inputs.files_from == "-") {
      report_.error("the chain and the list of files cannot both come from standard input");
      return kExitUsage;
    }
    auto chain = load_chain(arguments_.chain, report_);
    if (!chain) return kExitUsage;
    if (chain->draws() && !chain->seed) chain->seed = seed_from_system();
    int exit = kExitOk;
    auto inputs = load_inputs(arguments_.inputs, arguments_.out, report_, exit);
    if (!inputs) return exit;
    if (const auto refused = refuse_early(*chain, *inputs)) return *refused;
    if (arguments_.dry_run)
      return print_plan(*chain, *inputs, jobs_, false, arguments_.chain.file, report_);
    return process(*chain, *inputs);
  }

 private:
  // All that can be wrong before the first write; the exit code where something is.
  std::optional<int> refuse_early(const Chain& chain, InputList& inputs) {
    if (const auto checked = check_output_folder(chain, inputs, arguments_.out); !checked) {
      return refuse(report_, {checked.error().message}, "the input stays as it is", kExitUsage);
    }
    if (const auto clashes = find_clashes(chain, inputs); !clashes.empty()) {
      return refuse(report_, clashes,
                    "rename one of each pair, or run them into folders of their own", kExitUsage);
    }
    // An image's place in the list counts images only.
    if (chain.seed_from == SeedFrom::Index) passed_over_ = keep_images(inputs, jobs_);
    if (!arguments_.overwrite) {
      auto own = own_outputs(arguments_.out);
      if (!own) {
        return refuse(report_, {own.error().message}, "move the file away, or give another -o",
                      kExitStopped);
      }
      own_ = *std::move(own);
      if (const auto foreign = find_foreign(chain, inputs, arguments_.out, own_);
          !foreign.empty()) {
        return refuse(report_, foreign, "give another -o, or --overwrite to replace what is there",
                      kExitStopped);
      }
    }
    return std::nullopt;
  }

  int process(const Chain& chain, const InputList& inputs) {
    std::string start =
        count_of(inputs.files.size(), "file") + ", " + count_of(chain.layers.size(), "layer");
    if (chain.draws()) start += ", seed " + to_json(*chain.seed).dump();
    report_.info(start + " → " + printable(arguments_.out));
    if (inputs.files.empty()) report_.warning("there are no files in the input");

    RunOptions options;
    options.jobs = jobs_;
    options.stop_on_error = arguments_.stop_on_error;
    options.overwrite = arguments_.overwrite;
    options.own = &own_;
    options.stop = &interrupted;
    options.report = [&](const ImageReport& image) { say(image); };
    catch_signals();
    const auto begin = std::chrono::steady_clock::now();
    report_.start(inputs.files.size());
    RunResult result = run_chain(chain, inputs, arguments_.out, options);
    report_.finish();
    const double seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    result.passed_over += passed_over_;
    return conclude(result, inputs, seconds);
  }

  void say(const ImageReport& image) {
    switch (image.outcome) {
      case Outcome::Failed:
        report_.error(image.file, *image.error);
        break;
      case Outcome::Skipped:
        report_.detail(printable(image.file) + ": skipped: " + image.note);
        break;
      case Outcome::PassedOver:
        report_.detail(printable(image.file) + ": passed over: not an image");
        break;
      case Outcome::Written:
        if (!image.note.empty())
          report_.warning(printable(image.file) + ": taken as it is: " + image.note);
        break;
    }
    report_.step(image.outcome == Outcome::Failed);
  }

  int conclude(const RunResult& result, const InputList& inputs, double seconds) {
    const std::string manifest = join_path(arguments_.out, kManifestName);
    const std::size_t done = result.written + result.skipped + result.failed;
    const double rate = seconds > 0 ? static_cast<double>(done) / seconds : 0;
    Json fields{{"written", result.written},  {"outputs", result.outputs},
                {"bytes", result.bytes},      {"skipped", result.skipped},
                {"failed", result.failed},    {"passed_over", result.passed_over},
                {"seconds", seconds},         {"images_per_second", rate},
                {"finished", result.finished}};
    if (result.finished) fields["manifest"] = to_utf8(manifest);

    int exit = result.failed > 0 ? kExitImages : kExitOk;
    const std::size_t left = inputs.files.size() + passed_over_ - done - result.passed_over;
    const std::string state =
        grouped(result.written) + " written and whole, " + grouped(left) + " left";
    if (result.fatal) {
      report_.error(result.fatal_file, *result.fatal);
      report_.info("stopped: " + state + "; mend that and run the same command again", fields);
      exit = kExitStopped;
    } else if (interrupted != 0 && !result.finished) {
      report_.info("interrupted: " + state + "; run the same command again", fields);
      exit = 128 + interrupted;
    } else if (!result.finished) {
      report_.info("stopped at the first failure: " + state + "; run the same command again",
                   fields);
    } else {
      char figures[64];
      std::snprintf(figures, sizeof figures, " in %.2f s (%s images/s)", seconds,
                    grouped(static_cast<std::uint64_t>(rate + 0.5)).c_str());
      report_.info(tally(result, report_.verbose()) + figures + " → " + printable(manifest),
                   fields);
    }
    if (!arguments_.summary.empty() &&
        !write_text(arguments_.summary, fields.dump() + "\n", report_)) {
      exit = kExitStopped;
    }
    if (!arguments_.depfile.empty() && result.finished &&
        !write_text(arguments_.depfile, depfile_text(manifest, inputs), report_)) {
      exit = kExitStopped;
    }
    return exit;
  }

  const RunArguments& arguments_;
  Report report_;
  const int jobs_ = resolve_jobs(arguments_.jobs);
  OwnOutputs own_;
  std::size_t passed_over_ = 0;
};

}  // namespace

void add_run(CLI::App& app, int& exit) {
  CLI::App* command = app.add_subcommand("run", "Run a chain over images");
  const auto arguments = std::make_shared<RunArguments>();
  add_chain_options(*command, arguments->chain);
  add_input_options(*command, arguments->inputs);
  command->add_option("-o,--output", arguments->out, "Folder for the outputs and their manifest")
      ->required()
      ->option_text("OUT");
  add_jobs_option(*command, arguments->jobs);
  command
      ->add_option_function<std::string>(
          "--on-error",
          [arguments](const std::string& what) { arguments->stop_on_error = what == "stop"; },
          "What to do when an image fails (default: keep-going)")
      ->check(CLI::IsMember({"keep-going", "stop"}));
  command->add_flag("--overwrite", arguments->overwrite,
                    "Replace files in OUT that no run of deckle's made");
  command->add_flag("-n,--dry-run", arguments->dry_run,
                    "Check everything and print the plan; write nothing");
  command
      ->add_option_function<std::string>(
          "--progress",
          [arguments](const std::string& when) {
            arguments->report.progress = when == "always"  ? Progress::Always
                                         : when == "never" ? Progress::Never
                                                           : Progress::Auto;
          },
          "A bar on a terminal, a line every few seconds elsewhere (default: auto, on a terminal "
          "only)")
      ->check(CLI::IsMember({"auto", "always", "never"}));
  add_report_options(*command, arguments->report);
  command
      ->add_option("--depfile", arguments->depfile,
                   "Write a make rule: the manifest depends on every input")
      ->option_text("F");
  command->add_option("--summary", arguments->summary, "Write the figures of the last line as JSON")
      ->option_text("F");
  command->footer(
      "\nExit codes: 0 all done; 1 done, but some images failed; 2 the command line or the chain "
      "is wrong;\n"
      "3 the run could not go on; 130 interrupted.\n\n"
      "Examples:\n"
      "  deckle run train-224.json photos -o train\n"
      "  find photos -name '*.jpg' -print0 | deckle run train-224.json --files-from - -0 -o train");
  command->callback([arguments, &exit] { exit = RunCommand(*arguments).run(); });
}

}  // namespace deckle::cli
