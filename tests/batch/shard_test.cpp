// SPDX-License-Identifier: Apache-2.0
#include "batch/shard.h"

#include <set>
#include <string>

#include "batch/engine.h"
#include "core/json.h"
#include "support/catch.h"
#include "support/runs.h"

using namespace deckle;
using test::Strings;

namespace {

using Variables = std::map<std::string, std::string>;

Environment environment(const Variables& variables) {
  return [variables](const std::string& name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  };
}

// "3/8", or the message.
std::string parsed(const std::string& text, const Variables& variables = {},
                   std::optional<std::uint32_t> base = {}) {
  const auto shard = parse_shard(text, environment(variables), base);
  if (!shard) {
    CHECK(shard.error().code == ErrorCode::Usage);
    return shard.error().message;
  }
  return std::to_string(shard->index) + "/" + std::to_string(shard->of);
}

InputList list_of(int count) {
  InputList list;
  list.roots = {"in"};
  list.root_is_folder = {true};
  for (int i = 0; i < count; ++i) {
    InputFile file;
    file.path = "f" + std::to_string(i % 7) + "/" + std::to_string(100000 + i) + ".jpg";
    list.files.push_back(file);
  }
  std::sort(list.files.begin(), list.files.end(),
            [](const InputFile& x, const InputFile& y) { return x.path < y.path; });
  number_inputs(list);
  return list;
}

}  // namespace

TEST_CASE("a shard that is written out", "[batch][shard]") {
  CHECK(parsed("0/1") == "0/1");
  CHECK(parsed("3/8") == "3/8");
  CHECK(parsed("7/8") == "7/8");
  CHECK(parsed("07/8") == "7/8");
  CHECK(parsed("999999/1000000") == "999999/1000000");
  // What the scheduler says has no part in it.
  CHECK(parsed("3/8", {{"SLURM_ARRAY_TASK_ID", "5"}}) == "3/8");
  CHECK(parsed("3/8", {{"SLURM_ARRAY_TASK_ID", "5"}}, 1) == "3/8");
}

TEST_CASE("an invalid shard is refused, never treated as 0/1", "[batch][shard]") {
  const auto is_not = [](const std::string& text) {
    return "--shard: \"" + text +
           "\" is not I/N or auto/N: shard I, from 0, of N shards, at most 1000000";
  };
  for (const char* text :
       {"", "3", "/", "3/", "3/0", "3/-1", "3/8/1", "3/ 8", "3/8 ", "3/8.0", "3/+8", "3/0x8",
        "3/1000001", "3/99999999999", "auto", "auto/", "auto/x", "3/auto", "3:8"})
    CHECK(parsed(text) == is_not(text));
  for (const char* which : {"", "-1", "+1", " 1", "1.0", "x", "Auto", "auto ", "99999999999"})
    CHECK(parsed(std::string(which) + "/8") ==
          "--shard: \"" + std::string(which) + "\" is not the number of a shard");
  CHECK(parsed("8/8") == "--shard: there is no shard 8 of 8; they are numbered from 0 to 7");
  CHECK(parsed("1/1") == "--shard: there is no shard 1 of 1; they are numbered from 0 to 0");
}

TEST_CASE("auto takes the index from every scheduler that counts from 0", "[batch][shard][auto]") {
  const Variables slurm_array{{"SLURM_ARRAY_TASK_ID", "3"},    {"SLURM_ARRAY_JOB_ID", "17"},
                              {"SLURM_ARRAY_TASK_COUNT", "4"}, {"SLURM_ARRAY_TASK_MIN", "0"},
                              {"SLURM_JOB_ID", "20"},          {"SLURM_PROCID", "0"}};
  CHECK(parsed("auto/8", slurm_array) == "3/8");
  CHECK(parsed("auto/8", {{"SLURM_PROCID", "3"}, {"SLURM_STEP_ID", "0"}}) == "3/8");
  CHECK(parsed("auto/8", {{"OMPI_COMM_WORLD_RANK", "3"},
                          {"OMPI_COMM_WORLD_SIZE", "4"},
                          {"PMIX_RANK", "3"}}) == "3/8");
  CHECK(parsed("auto/8", {{"PMI_RANK", "3"}, {"PMI_SIZE", "4"}}) == "3/8");
  CHECK(parsed("auto/8", {{"JOB_COMPLETION_INDEX", "3"}}) == "3/8");
  CHECK(parsed("auto/8", {{"AWS_BATCH_JOB_ARRAY_INDEX", "3"}, {"AWS_BATCH_JOB_ARRAY_SIZE", "4"}}) ==
        "3/8");
  CHECK(parsed("auto/8", {{"BATCH_TASK_INDEX", "3"}, {"BATCH_TASK_COUNT", "4"}}) == "3/8");
  CHECK(parsed("auto/8", {{"CLOUD_RUN_TASK_INDEX", "3"}, {"CLOUD_RUN_TASK_COUNT", "4"}}) == "3/8");
  CHECK(parsed("auto/8", {{"NOMAD_ALLOC_INDEX", "3"}}) == "3/8");
}

TEST_CASE("the count is never taken from the environment", "[batch][shard][auto]") {
  // sbatch --array=0 again, alone: the count says 1, and would mean all inputs.
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", "0"},
                          {"SLURM_ARRAY_JOB_ID", "17"},
                          {"SLURM_ARRAY_TASK_COUNT", "1"}}) == "0/8");
  // --array=2,4,9: the count says 3.
  CHECK(parsed("auto/10", {{"SLURM_ARRAY_TASK_ID", "9"},
                           {"SLURM_ARRAY_JOB_ID", "17"},
                           {"SLURM_ARRAY_TASK_COUNT", "3"}}) == "9/10");
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", "8"}, {"SLURM_ARRAY_JOB_ID", "17"}}) ==
        "--shard: there is no shard 8 of 8; they are numbered from 0 to 7");
}

TEST_CASE("auto without a scheduler is refused", "[batch][shard][auto]") {
  const std::string none =
      "--shard: auto finds no scheduler's variable (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, ..) "
      "that tells this job's index; give it as I/N";
  CHECK(parsed("auto/8") == none);
  CHECK(parsed("auto/8", {{"SLURM_JOB_ID", "5"}, {"HOSTNAME", "n1"}}) == none);
  // Outside of an array LSF says 0 and SGE "undefined".
  CHECK(parsed("auto/8", {{"LSB_JOBINDEX", "0"}}, 1) == none);
  CHECK(parsed("auto/8", {{"SGE_TASK_ID", "undefined"}}, 1) == none);
  // In every batch script PROCID is 0; under mpirun it is the launcher's.
  CHECK(parsed("auto/8", {{"SLURM_PROCID", "0"}, {"SLURM_JOB_ID", "5"}}) == none);
  CHECK(parsed("auto/8", {{"SLURM_PROCID", "0"},
                          {"SLURM_STEP_ID", "0"},
                          {"OMPI_COMM_WORLD_RANK", "2"},
                          {"OMPI_COMM_WORLD_SIZE", "4"}}) == "2/8");
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", "5"},
                          {"SLURM_ARRAY_JOB_ID", "17"},
                          {"SLURM_PROCID", "0"},
                          {"SLURM_STEP_ID", "0"}}) == "5/8");
}

TEST_CASE("variables that say half of it, or nothing, are refused", "[batch][shard][auto]") {
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_JOB_ID", "17"}}) ==
        "--shard: SLURM_ARRAY_JOB_ID is set, but not SLURM_ARRAY_TASK_ID (Slurm array); give the "
        "index as I/N");
  CHECK(parsed("auto/8", {{"OMPI_COMM_WORLD_SIZE", "4"}}) ==
        "--shard: OMPI_COMM_WORLD_SIZE is set, but not OMPI_COMM_WORLD_RANK (OpenMPI); give the "
        "index as I/N");
  CHECK(parsed("auto/8", {{"PMI_SIZE", "4"}}) ==
        "--shard: PMI_SIZE is set, but not PMI_RANK (PMI); give the index as I/N");
  CHECK(parsed("auto/8", {{"AWS_BATCH_JOB_ARRAY_SIZE", "4"}}) ==
        "--shard: AWS_BATCH_JOB_ARRAY_SIZE is set, but not AWS_BATCH_JOB_ARRAY_INDEX (AWS Batch "
        "array); give the index as I/N");
  CHECK(parsed("auto/8", {{"BATCH_TASK_COUNT", "4"}, {"JOB_COMPLETION_INDEX", "1"}}) ==
        "--shard: BATCH_TASK_COUNT is set, but not BATCH_TASK_INDEX (Google Batch); give the "
        "index as I/N");
  CHECK(parsed("auto/8", {{"CLOUD_RUN_TASK_COUNT", "4"}}) ==
        "--shard: CLOUD_RUN_TASK_COUNT is set, but not CLOUD_RUN_TASK_INDEX (Cloud Run job); give "
        "the index as I/N");
  for (const char* value : {"", " ", "x", "-1", "3.0", "3 ", "0x3", "99999999999"}) {
    INFO(value);
    CHECK(parsed("auto/8", {{"JOB_COMPLETION_INDEX", value}}) ==
          "--shard: JOB_COMPLETION_INDEX=" + std::string(value) +
              " (Kubernetes Indexed Job) is not an index");
  }
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", ""}, {"SLURM_ARRAY_JOB_ID", "1"}}) ==
        "--shard: SLURM_ARRAY_TASK_ID= (Slurm array) is not an index");
  CHECK(parsed("auto/8", {{"SGE_TASK_ID", ""}}, 1) ==
        "--shard: SGE_TASK_ID= (SGE array) is not an index");
  CHECK(parsed("auto/8", {{"LSB_JOBINDEX", "undefined"}}, 1) ==
        "--shard: LSB_JOBINDEX=undefined (LSF array) is not an index");
}

TEST_CASE("variables that contradict each other are refused", "[batch][shard][auto]") {
  // A job that was submitted from inside an array task inherits its variables.
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", "2"},
                          {"SLURM_ARRAY_JOB_ID", "17"},
                          {"JOB_COMPLETION_INDEX", "5"}}) ==
        "--shard: the environment contradicts itself: SLURM_ARRAY_TASK_ID=2, "
        "JOB_COMPLETION_INDEX=5; give the index as I/N");
  CHECK(parsed("auto/8", {{"OMPI_COMM_WORLD_RANK", "1"}, {"PMI_RANK", "2"}}) ==
        "--shard: the environment contradicts itself: OMPI_COMM_WORLD_RANK=1, PMI_RANK=2; give the "
        "index as I/N");
  // Where they agree there is nothing against them.
  CHECK(parsed("auto/8", {{"OMPI_COMM_WORLD_RANK", "2"}, {"PMI_RANK", "2"}}) == "2/8");
  CHECK(parsed("auto/8", {{"SLURM_PROCID", "2"}, {"SLURM_STEP_ID", "0"}, {"PMI_RANK", "2"}}) ==
        "2/8");
  CHECK(parsed("auto/8", {{"SLURM_PROCID", "1"}, {"SLURM_STEP_ID", "0"}, {"PMI_RANK", "2"}}) ==
        "--shard: the environment contradicts itself: SLURM_PROCID=1, PMI_RANK=2; give the index "
        "as I/N");
}

TEST_CASE("engines that count from 1 need --shard-base", "[batch][shard][auto]") {
  const auto from_1 = [](const std::string& variable, const std::string& name) {
    return "--shard: " + variable + "=3 (" + name +
           "): this engine counts from 1; add --shard-base 1";
  };
  const auto from_anywhere = [](const std::string& variable, const std::string& name) {
    return "--shard: " + variable + "=3 (" + name +
           "): this engine counts from the number that you chose; add --shard-base 0 or 1";
  };
  CHECK(parsed("auto/8", {{"LSB_JOBINDEX", "3"}}) == from_1("LSB_JOBINDEX", "LSF array"));
  CHECK(parsed("auto/8", {{"SGE_TASK_ID", "3"}}) == from_1("SGE_TASK_ID", "SGE array"));
  CHECK(parsed("auto/8", {{"PARALLEL_SEQ", "3"}}) == from_1("PARALLEL_SEQ", "GNU parallel"));
  CHECK(parsed("auto/8", {{"PBS_ARRAY_INDEX", "3"}}) ==
        from_anywhere("PBS_ARRAY_INDEX", "PBS array"));
  CHECK(parsed("auto/8", {{"PBS_ARRAYID", "3"}}) == from_anywhere("PBS_ARRAYID", "Torque array"));
  for (const char* variable : {"LSB_JOBINDEX", "SGE_TASK_ID", "PARALLEL_SEQ", "PBS_ARRAY_INDEX",
                               "PBS_ARRAYID", "SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX"}) {
    INFO(variable);
    CHECK(parsed("auto/8", {{variable, "1"}}, 1) == "0/8");
    CHECK(parsed("auto/8", {{variable, "8"}}, 1) == "7/8");
    CHECK(parsed("auto/8", {{variable, "9"}}, 1) ==
          "--shard: there is no shard 8 of 8; they are numbered from 0 to 7");
    CHECK(parsed("auto/8", {{variable, "3"}}, 0) == "3/8");
  }
  CHECK(parsed("auto/8", {{"SLURM_ARRAY_TASK_ID", "0"}}, 1) ==
        "--shard: SLURM_ARRAY_TASK_ID=0 is below --shard-base 1");
}

TEST_CASE("a job in an array is warned where there is no --shard", "[batch][shard]") {
  const auto warned = [](const Variables& variables) {
    return array_variable(environment(variables));
  };
  for (const char* variable :
       {"SLURM_ARRAY_TASK_ID", "JOB_COMPLETION_INDEX", "AWS_BATCH_JOB_ARRAY_INDEX",
        "BATCH_TASK_INDEX", "CLOUD_RUN_TASK_INDEX", "PBS_ARRAY_INDEX", "PBS_ARRAYID",
        "LSB_JOBINDEX", "SGE_TASK_ID"}) {
    CHECK(warned({{variable, "3"}}) == variable);
  }
  CHECK(warned({}).empty());
  CHECK(warned({{"LSB_JOBINDEX", "0"}}).empty());
  CHECK(warned({{"SGE_TASK_ID", "undefined"}}).empty());
  // They tell a place, but not that the job is one of many.
  CHECK(warned({{"SLURM_PROCID", "0"}}).empty());
  CHECK(warned({{"SLURM_PROCID", "0"}, {"SLURM_STEP_ID", "0"}}).empty());
  CHECK(warned({{"PARALLEL_SEQ", "4"}}).empty());
  CHECK(warned({{"NOMAD_ALLOC_INDEX", "0"}}).empty());
}

TEST_CASE("the shard of a file never changes", "[batch][shard][golden]") {
  struct Golden {
    std::string path;
    std::uint32_t of2, of8, of13, of1000000;
  };
  // XXH3-64 as libxxhash computes it, modulo N.
  for (const Golden& golden : {Golden{"a.png", 1, 7, 1, 694799},
                               {"cats/0001.jpg", 1, 7, 4, 411535},
                               {"cats/0002.jpg", 1, 5, 0, 843085},
                               {"\xff\n.png", 0, 0, 0, 220816},
                               {"photos/2024/summer/IMG_1234.JPG", 1, 7, 9, 942495},
                               {"", 0, 2, 0, 603138}}) {
    INFO(golden.path);
    CHECK(shard_of(golden.path, 1) == 0);
    CHECK(shard_of(golden.path, 2) == golden.of2);
    CHECK(shard_of(golden.path, 8) == golden.of8);
    CHECK(shard_of(golden.path, 13) == golden.of13);
    CHECK(shard_of(golden.path, 1000000) == golden.of1000000);
  }
}

TEST_CASE("shards are a partition, of parts of about one size", "[batch][shard]") {
  const InputList all = list_of(4000);
  for (const std::uint32_t of : {1U, 2U, 8U, 13U}) {
    std::map<std::string, std::uint32_t> index_of;
    for (std::uint32_t i = 0; i < of; ++i) {
      InputList part = all;
      keep_shard(part, {i, of});
      const auto size = static_cast<double>(part.files.size());
      CHECK(size > 0.8 * 4000 / of);
      CHECK(size < 1.2 * 4000 / of);
      for (const InputFile& file : part.files) {
        CHECK(index_of.emplace(file.path, file.index).second);
        CHECK(shard_of(file.path, of) == i);
      }
      CHECK(std::is_sorted(part.files.begin(), part.files.end(),
                           [](const InputFile& x, const InputFile& y) { return x.path < y.path; }));
    }
    // All of them, each with its place in the whole list.
    REQUIRE(index_of.size() == all.files.size());
    std::uint32_t place = 0;
    for (const auto& [path, index] : index_of)
      CHECK(index == place++);
  }
}

TEST_CASE("adding files moves nobody to another shard", "[batch][shard]") {
  InputList few = list_of(500);
  InputList many = list_of(1000);
  for (const std::uint32_t of : {2U, 8U, 13U}) {
    for (std::uint32_t i = 0; i < of; ++i) {
      InputList a = few;
      InputList b = many;
      keep_shard(a, {i, of});
      keep_shard(b, {i, of});
      const Strings larger = test::paths(b);
      const std::set<std::string> in_b(larger.begin(), larger.end());
      for (const InputFile& file : a.files)
        CHECK(in_b.contains(file.path));
    }
  }
}

TEST_CASE("manifests of shards have names of their own", "[batch][shard]") {
  CHECK(manifest_name(std::nullopt) == "manifest.jsonl");
  CHECK(manifest_name(Shard{3, 8}) == "manifest-0003-of-0008.jsonl");
  CHECK(manifest_name(Shard{0, 1}) == "manifest-0000-of-0001.jsonl");
  CHECK(manifest_name(Shard{999999, 1000000}) == "manifest-999999-of-1000000.jsonl");
}

TEST_CASE("the digest of the inputs tells lists apart", "[batch][shard]") {
  const InputList list = list_of(20);
  const std::string digest = inputs_digest(list);
  CHECK(digest.starts_with("xxh3:"));
  CHECK(digest.size() == 5 + 32);
  CHECK(inputs_digest(list_of(20)) == digest);
  CHECK(inputs_digest(list_of(21)) != digest);
  InputList other = list;
  other.roots = {"elsewhere"};
  CHECK(inputs_digest(other) == digest);
  // Where one path ends and the next begins counts.
  other.files[3].path += "x";
  CHECK(inputs_digest(other) != digest);
  InputList joined = list;
  joined.files.resize(2);
  joined.files[0].path = "ab";
  joined.files[1].path = "c";
  const std::string one = inputs_digest(joined);
  joined.files[0].path = "a";
  joined.files[1].path = "bc";
  CHECK(inputs_digest(joined) != one);
}

TEST_CASE("a shard's manifest says which part of what it is", "[batch][shard]") {
  const test::Folder folder;
  test::put_pictures(folder, "in", 40);
  const std::string out = folder / "out";
  std::size_t taken = 0;
  for (std::uint32_t i = 0; i < 3; ++i) {
    test::GoOptions options;
    options.run.shard = Shard{i, 3};
    const RunResult result = test::finish(test::crops(2), folder / "in", out, options);
    const Strings lines = test::lines_of(test::text_of(join_path(out, manifest_name(Shard{i, 3}))));
    const Json header = Json::parse(lines.front());
    const Json shard = header.at("shard");
    CHECK(shard["index"] == i);
    CHECK(shard["of"] == 3);
    CHECK(shard["inputs"] == 40);
    CHECK(shard["inputs_digest"] == inputs_digest(test::listed(folder / "in")));
    CHECK(shard["records"] == result.written + result.failed);
    CHECK(lines.size() == 1 + result.outputs + result.failed);
    taken += shard["taken"].get<std::size_t>();
  }
  CHECK(taken == 40);
  CHECK_FALSE(test::exists(out + "/manifest.jsonl"));
  CHECK_FALSE(test::exists(out + "/.deckle.lock"));
}
