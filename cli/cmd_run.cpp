// SPDX-License-Identifier: Apache-2.0
#include <sys/stat.h>

#include <charconv>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>

#include "batch/engine.h"
#include "batch/output_folder.h"
#include "batch/shard.h"
#include "batch/survey.h"
#include "cmd_plan.h"
#include "commands.h"
#include "core/text.h"
#include "dataset/files.h"
#include "options.h"
#include "report.h"
#include "session.h"

namespace deckle::cli {
namespace {

constexpr std::string_view kPruneAll = "all";

struct RunArguments {
  ChainArguments chain;
  InputArguments inputs;
  std::string out;
  int jobs = 0;
  std::uint64_t max_memory = 0;
  bool stop_on_error = false;
  bool overwrite = false;
  std::string prune{};  ///< "": not given; else "true" or "all"
  bool add = false;
  bool allow_empty = false;
  bool dry_run = false;
  Sync sync = Sync::Batch;
  double timeout = 0;
  std::string shard;
  std::optional<std::uint32_t> shard_base;
  std::string depfile;
  std::string summary;
  std::string failed;
  ReportOptions report;
};

// At most 53 bits, so that every JSON reader gets the exact value.
SeedPair seed_from_system() {
  std::random_device device;
  const std::uint64_t bits = (std::uint64_t{device()} << 32U | device()) >> 11U;
  return {static_cast<std::int64_t>(bits), 0};
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value != nullptr ? std::optional<std::string>(value) : std::nullopt;
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
    if (arguments_.out.empty() || arguments_.out == "-") {
      report_.error(
          "-o needs the name of a folder; \".\" is the current one, and \"./-\" one named -");
      return kExitUsage;
    }
    if (arguments_.add && prunes()) {
      report_.error("--add keeps what --prune deletes; give one of them");
      return kExitUsage;
    }
    auto chain = load_chain(arguments_.chain, report_);
    if (!chain) return kExitUsage;
    int exit = kExitOk;
    if (!read_shard()) return kExitUsage;
    if (chain->needs_seed() && !chain->seed) {
      const auto recorded = recorded_seed(arguments_.out, *chain);
      if (!recorded) {
        report_.error(recorded.error().message);
        return kExitStopped;
      }
      chain->seed = *recorded;
      if (!chain->seed && shard_) {
        report_.error(
            "a chain that draws needs a \"seed\" (or --seed) when it is run in shards, the same "
            "for all");
        return kExitUsage;
      }
    }
    auto inputs = load_inputs(arguments_.inputs, arguments_.out, report_, exit);
    if (!inputs) return exit;
    if (arguments_.add && chain->uses_index()) {
      report_.error(
          "--add cannot be used if outputs depend on an image's place in the list (\"seed_from\": "
          "\"index\", generators that count, {index}): all images have to be listed");
      return kExitUsage;
    }
    if (const auto refused = refuse_early(*chain, *inputs)) return *refused;
    if (inputs->files.empty() && !arguments_.allow_empty) {
      report_.error(no_images_text(*inputs, not_images_));
      report_.info("nothing was written; use --allow-empty if this is intended");
      return kExitImages;
    }
    if (prunes() && arguments_.prune != kPruneAll) {
      const auto empty = find_empty();
      if (!empty) {
        report_.error(empty.error().message);
        return kExitStopped;
      }
      if (!empty->empty())
        return refuse(report_, *empty, "use --prune=all if this is intended", kExitStopped);
    }
    if (arguments_.dry_run) {
      if (shard_) keep_shard(*inputs, *shard_);
      const auto folder =
          OutputFolder::look(arguments_.out, *chain, shard_, replaces(), inputs->names_from);
      if (const auto refused = refuse_folder(*chain, *inputs, folder)) return *refused;
      return print_plan(*chain, *inputs,
                        {.jobs = jobs_,
                         .json = arguments_.report.json,
                         .chain_file = arguments_.chain.file,
                         .not_images = not_images_,
                         .allow_empty = arguments_.allow_empty});
    }
    if (chain->needs_seed() && !chain->seed) chain->seed = seed_from_system();
    return process(*chain, *inputs);
  }

 private:
  // Parses --shard; false if it is not valid here.
  bool read_shard() {
    if (arguments_.shard.empty()) {
      if (const std::string variable = array_variable(environment); !variable.empty()) {
        report_.warning(variable +
                        " is set, but there is no --shard: this job works on all inputs");
      }
      return true;
    }
    const auto shard = parse_shard(arguments_.shard, environment, arguments_.shard_base);
    if (!shard) {
      report_.error(shard.error().message);
      return false;
    }
    if (prunes() || arguments_.add) {
      report_.error(std::string(prunes() ? "--prune" : "--add") +
                    " needs a run over all inputs, not one shard");
      return false;
    }
    shard_ = *shard;
    return true;
  }

  // Checks that need only the inputs and the names of the outputs. Returns the exit code if one
  // fails.
  std::optional<int> refuse_early(const Chain& chain, InputList& inputs) {
    if (const auto checked = check_output_folder(chain, inputs, arguments_.out); !checked) {
      return refuse(report_, {checked.error().message}, "the input stays as it is", kExitUsage);
    }
    if (const auto clashes = find_clashes(chain, inputs); !clashes.empty()) {
      return refuse(report_, clashes, advice_on_clashes(chain, inputs), kExitUsage);
    }
    case_clashes_ = find_case_clashes(chain, inputs);
    // Only images are counted for an image's place in the list.
    if (chain.uses_index()) not_images_ = keep_images(inputs, jobs_);
    return std::nullopt;
  }

  // Checks of the output folder and its files.
  std::optional<int> refuse_folder(const Chain& chain, const InputList& inputs,
                                   const Result<OutputFolder>& folder) {
    if (!folder) {
      report_.error(folder.error().message);
      if (arguments_.add && arguments_.overwrite)
        report_.info("--add needs the same chain; to replace the outputs, leave --add out");
      return kExitStopped;
    }
    if (const auto blocked = find_blocked(chain, inputs, arguments_.out); !blocked.empty())
      return refuse(report_, blocked, "move it away, or give another -o", kExitStopped);
    if (arguments_.add) {
      const auto clashes = find_recorded_clashes(chain, inputs, *folder);
      if (const auto failure = folder->previous().failure()) {
        report_.error(failure->message);
        return kExitStopped;
      }
      if (!clashes.empty()) {
        return refuse(report_, clashes,
                      "--root DIR keeps folders in the names, --name TEMPLATE makes other ones",
                      kExitUsage);
      }
    }
    if (!case_clashes_.empty() && !arguments_.dry_run) {
      const auto ignores = ignores_case(arguments_.out);
      if (!ignores) {
        report_.error(arguments_.out, ignores.error());
        return kExitStopped;
      }
      if (*ignores) {
        return refuse(report_, case_clashes_,
                      "give an -o that distinguishes case, or a --name that makes different names",
                      kExitUsage);
      }
    }
    // Other processes may run the same shard, so existing files are checked one by one when outputs
    // get their names.
    if (arguments_.overwrite || shard_) return std::nullopt;
    const auto foreign = find_foreign(chain, inputs, *folder);
    if (!foreign) {
      report_.error(foreign.error().message);
      return kExitStopped;
    }
    if (foreign->empty()) return std::nullopt;
    return refuse(report_, *foreign, "give another -o, or --overwrite to replace these files",
                  kExitStopped);
  }

  // The records that --add keeps must belong to the same chain.
  [[nodiscard]] bool replaces() const { return arguments_.overwrite && !arguments_.add; }

  [[nodiscard]] bool prunes() const { return !arguments_.prune.empty(); }

  // The inputs that are empty folders, as when a disk is not mounted.
  [[nodiscard]] Result<std::vector<std::string>> find_empty() const {
    std::vector<std::string> empty;
    for (const std::string& input : arguments_.inputs.inputs) {
      struct stat status {};
      if (::stat(input.c_str(), &status) != 0 || !S_ISDIR(status.st_mode)) continue;
      const auto names = list_folder(input);
      if (!names) return names.error();
      if (names->empty()) {
        empty.push_back(
            printable(input) +
            ": an empty folder (not mounted?), but --prune would delete the outputs of its files");
      }
    }
    return empty;
  }

  int process(const Chain& chain, InputList& inputs) {
    RunOptions options;
    options.jobs = jobs_;
    options.sync = arguments_.sync;
    options.timeout = std::chrono::duration_cast<std::chrono::nanoseconds>(
        std::chrono::duration<double>(arguments_.timeout));
    options.memory = resolve_memory(arguments_.max_memory, jobs_);
    options.stop_on_error = arguments_.stop_on_error;
    options.overwrite = arguments_.overwrite;
    options.prune = prunes();
    options.prune_all = arguments_.prune == kPruneAll;
    options.keep_unlisted = arguments_.add;
    // A shard may have no inputs.
    options.need_images = !arguments_.allow_empty && !shard_;
    options.shard = shard_;
    if (shard_) {
      options.all_inputs = inputs_digest(inputs);
      options.all_inputs_count = inputs.files.size();
      keep_shard(inputs, *shard_);
    }
    auto folder = OutputFolder::open(arguments_.out, chain, shard_, replaces(), inputs.names_from);
    if (const auto refused = refuse_folder(chain, inputs, folder)) return *refused;
    if (!folder->note().empty()) report_.warning(folder->note());
    if (shard_) {
      const auto others = other_shards_in(arguments_.out, *shard_);
      if (!others) {
        report_.error(others.error().message);
        return kExitStopped;
      }
      if (!others->empty()) {
        report_.warning(printable(others->front()) +
                        (others->size() > 1 ? " and others are" : " is") +
                        " of another number of shards than " + std::to_string(shard_->of) +
                        "; merge will refuse the folder until they are deleted");
      }
    }
    std::string start = count_of(inputs.files.size(), "file");
    if (shard_) {
      start += " of " + grouped(options.all_inputs_count) + " (shard " +
               std::to_string(shard_->index) + "/" + std::to_string(shard_->of) + ")";
    }
    start += ", " + count_of(chain.layers.size(), "layer");
    if (chain.draws() && chain.seed) start += ", seed " + to_json(*chain.seed).dump();
    start += " → " + printable(arguments_.out);
    return run_session(chain, inputs, *folder, options,
                       {.start = start,
                        .chain_file = arguments_.chain.file,
                        .depfile = arguments_.depfile,
                        .summary = arguments_.summary,
                        .failed = arguments_.failed,
                        .null_separated = arguments_.inputs.null_separated,
                        .not_images = not_images_,
                        .files_from = arguments_.inputs.files_from},
                       report_);
  }

  const RunArguments& arguments_;
  Report report_;
  const int jobs_ = resolve_jobs(arguments_.jobs, report_);
  std::optional<Shard> shard_;
  std::vector<std::string> case_clashes_;  // they matter only if OUT ignores case
  std::size_t not_images_ = 0;
};

}  // namespace

void add_run(CLI::App& app, int& exit) {
  CLI::App* command = app.add_subcommand("run", "Run a chain over images");
  const auto arguments = std::make_shared<RunArguments>();
  add_chain_options(*command, arguments->chain);
  add_input_options(*command, arguments->inputs);
  command
      ->add_option("-o,--output", arguments->out,
                   "Folder for the outputs and their manifest (required)")
      ->required()
      ->option_text("OUT");
  add_jobs_option(*command, arguments->jobs);
  add_memory_option(*command, arguments->max_memory);
  command
      ->add_option_function<std::string>(
          "--on-error",
          [arguments](const std::string& what) { arguments->stop_on_error = what == "stop"; },
          "What to do when an image fails (default: keep-going)")
      ->check(CLI::IsMember({"keep-going", "stop"}));
  command
      ->add_option("--timeout-per-image", arguments->timeout,
                   "An image that takes more than S seconds fails (default: no limit)")
      ->check([](const std::string& text) {
        constexpr double kMost = 1e6;
        double seconds = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        return error == std::errc{} && end == text.data() + text.size() && seconds > 0 &&
                       seconds <= kMost
                   ? std::string()
                   : "a number of seconds above 0, at most 1000000";
      })
      ->option_text("S");
  add_sync_option(*command, arguments->sync);
  command->add_flag(
      "--overwrite", arguments->overwrite,
      "Replace what is in OUT: the outputs of another chain, and files that deckle did not make");
  command->add_flag("--add", arguments->add,
                    "Keep the records that earlier runs into OUT made of other inputs");
  command
      ->add_flag("--prune", arguments->prune,
                 "Delete the outputs of recorded inputs that are not in this run; all of them only "
                 "with --prune=all")
      ->check(CLI::IsMember({"true", "all"}))
      ->option_text("[=all]");
  command->add_flag("--allow-empty", arguments->allow_empty,
                    "A run without any image does not fail");
  command
      ->add_option("--shard", arguments->shard,
                   "Work on part I of N (from 0); auto/N takes I from the scheduler's variables")
      ->option_text("I/N");
  command
      ->add_option("--shard-base", arguments->shard_base,
                   "The first index of the scheduler, for auto (default: 0)")
      ->check(CLI::Range(0, 1));
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
                   "Write a make rule: the manifest depends on every input and input folder")
      ->option_text("F");
  command->add_option("--summary", arguments->summary, "Write the figures of the last line as JSON")
      ->option_text("F");
  command
      ->add_option("--failed", arguments->failed,
                   "Write a list of the inputs that failed, which --files-from takes")
      ->option_text("F");
  command->footer(
      "\nExit codes: 0 all done; 1 done, but some images failed, or there were none, or outputs "
      "could not be deleted; 2 the command "
      "line or the chain is wrong; 3 the run could not continue; 70 an internal error in deckle; "
      "130, "
      "143, 129 interrupted; 141 the reader of the output closed the pipe. However it ended, the "
      "same "
      "command continues from there.\n\n"
      "Examples:\n"
      "  deckle run train-224.json photos -o train\n"
      "  find photos -name '*.jpg' -print0 |\n"
      "    deckle run train-224.json --root photos --files-from - -0 -o train\n"
      "  deckle run train-224.json photos -o train --shard auto/64   # in an array job");
  command->callback([arguments, &exit] {
    arguments->inputs.writes_list = !arguments->failed.empty();
    exit = RunCommand(*arguments).run();
  });
}

}  // namespace deckle::cli
