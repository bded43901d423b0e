// SPDX-License-Identifier: Apache-2.0
#include "batch/shard.h"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <vector>

#include "chain/output_names.h"
#include "core/digest.h"
#include "core/text.h"

namespace deckle {
namespace {

// The environment variables in which engines give a job its index in an array. The count is never
// taken from the environment: if one shard is submitted again alone, the count is 1.
struct Engine {
  std::string_view name;
  std::string_view index;
  std::optional<std::uint32_t> base;  ///< the first index; nothing if the user chooses it
  std::string_view companion;         ///< set whenever the index is set; alone it is an error
  bool array;                         ///< the index alone shows that the job is one of many
};

constexpr std::array kEngines{
    Engine{"Slurm array", "SLURM_ARRAY_TASK_ID", 0, "SLURM_ARRAY_JOB_ID", true},
    Engine{"OpenMPI", "OMPI_COMM_WORLD_RANK", 0, "OMPI_COMM_WORLD_SIZE", false},
    Engine{"Slurm step", "SLURM_PROCID", 0, "", false},
    Engine{"PMI", "PMI_RANK", 0, "PMI_SIZE", false},
    Engine{"Kubernetes Indexed Job", "JOB_COMPLETION_INDEX", 0, "", true},
    Engine{"AWS Batch array", "AWS_BATCH_JOB_ARRAY_INDEX", 0, "AWS_BATCH_JOB_ARRAY_SIZE", true},
    Engine{"Google Batch", "BATCH_TASK_INDEX", 0, "BATCH_TASK_COUNT", true},
    Engine{"Cloud Run job", "CLOUD_RUN_TASK_INDEX", 0, "CLOUD_RUN_TASK_COUNT", true},
    Engine{"Nomad", "NOMAD_ALLOC_INDEX", 0, "", false},
    Engine{"PBS array", "PBS_ARRAY_INDEX", std::nullopt, "", true},
    Engine{"Torque array", "PBS_ARRAYID", std::nullopt, "", true},
    Engine{"LSF array", "LSB_JOBINDEX", 1, "", true},
    Engine{"SGE array", "SGE_TASK_ID", 1, "", true},
    Engine{"GNU parallel", "PARALLEL_SEQ", 1, "", false},
};

Error wrong(const std::string& why) {
  return {ErrorCode::Usage, "--shard: " + why};
}

std::optional<std::uint32_t> number(std::string_view text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Found {
  const Engine* engine;
  std::string value;
};

// Whether the variable really belongs to an array. Outside an array SGE sets "undefined" and LSF
// sets 0. Slurm's PROCID is 0 in every batch script, and under mpirun it is the launcher's.
bool means_something(const Engine& engine, const std::string& value,
                     const Environment& environment) {
  if (engine.index == "SGE_TASK_ID") return value != "undefined";
  if (engine.index == "LSB_JOBINDEX") return value != "0";
  if (engine.index == "SLURM_PROCID") {
    return environment("SLURM_STEP_ID").has_value() &&
           !environment("OMPI_COMM_WORLD_RANK").has_value() &&
           !environment("SLURM_ARRAY_TASK_ID").has_value();
  }
  return true;
}

std::vector<Found> find(const Environment& environment) {
  std::vector<Found> found;
  for (const Engine& engine : kEngines) {
    const auto value = environment(std::string(engine.index));
    if (value && means_something(engine, *value, environment)) found.push_back({&engine, *value});
  }
  return found;
}

Result<std::uint32_t> index_from_scheduler(const Environment& environment,
                                           std::optional<std::uint32_t> base) {
  for (const Engine& engine : kEngines) {
    if (!engine.companion.empty() && environment(std::string(engine.companion)) &&
        !environment(std::string(engine.index))) {
      return wrong(std::string(engine.companion) + " is set, but not " + std::string(engine.index) +
                   " (" + std::string(engine.name) + "); give the index as I/N");
    }
  }
  const std::vector<Found> found = find(environment);
  if (found.empty()) {
    return wrong(
        "auto finds no scheduler's variable (SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX, ..) that "
        "tells this "
        "job's index; give it as I/N");
  }
  std::optional<std::uint32_t> index;
  std::string said_by;
  for (const auto& [engine, text] : found) {
    const std::string here = std::string(engine->index) + "=" + printable(text);
    const auto value = number(text);
    if (!value) return wrong(here + " (" + std::string(engine->name) + ") is not an index");
    if (!base && engine->base != 0) {
      return wrong(here + " (" + std::string(engine->name) + "): " +
                   (engine->base == 1 ? "this engine counts from 1"
                                      : "this engine counts from the number that you chose") +
                   "; add --shard-base " + (engine->base == 1 ? "1" : "0 or 1"));
    }
    const std::uint32_t first = base.value_or(0);
    if (*value < first) return wrong(here + " is below --shard-base " + std::to_string(first));
    if (index && *index != *value - first) {
      return wrong("the environment contradicts itself: " + said_by + ", " + here +
                   "; give the index as I/N");
    }
    index = *value - first;
    said_by = here;
  }
  return *index;
}

}  // namespace

Result<Shard> parse_shard(std::string_view text, const Environment& environment,
                          std::optional<std::uint32_t> base) {
  const auto slash = text.find('/');
  const auto of = slash == std::string_view::npos ? std::nullopt : number(text.substr(slash + 1));
  if (!of || *of < 1 || *of > kMaxShards) {
    return wrong("\"" + printable(text) +
                 "\" is not I/N or auto/N: shard I, from 0, of N shards, at most " +
                 std::to_string(kMaxShards));
  }
  const std::string_view which = text.substr(0, slash);
  std::uint32_t index = 0;
  if (which == "auto") {
    const auto found = index_from_scheduler(environment, base);
    if (!found) return found.error();
    index = *found;
  } else {
    const auto given = number(which);
    if (!given) return wrong("\"" + printable(which) + "\" is not the number of a shard");
    index = *given;
  }
  if (index >= *of) {
    return wrong("there is no shard " + std::to_string(index) + " of " + std::to_string(*of) +
                 "; they are numbered from 0 to " + std::to_string(*of - 1));
  }
  return Shard{index, *of};
}

std::string array_variable(const Environment& environment) {
  for (const auto& [engine, value] : find(environment)) {
    if (engine->array) return std::string(engine->index);
  }
  return "";
}

std::uint32_t shard_of(std::string_view path, std::uint32_t of) {
  return static_cast<std::uint32_t>(XXH3_64bits(path.data(), path.size()) % of);
}

void keep_shard(InputList& list, Shard shard) {
  std::erase_if(list.files, [&](const InputFile& file) {
    return shard_of(file.path, shard.of) != shard.index;
  });
}

std::string manifest_name(std::optional<Shard> shard) {
  if (!shard) return std::string(kManifestName);
  std::array<char, 64> name{};
  std::snprintf(name.data(), name.size(), "manifest-%04u-of-%04u.jsonl", shard->index, shard->of);
  return name.data();
}

std::string inputs_digest(const InputList& list) {
  XXH3_state_t* state = XXH3_createState();
  XXH3_128bits_reset(state);
  for (const InputFile& file : list.files)
    XXH3_128bits_update(state, file.path.c_str(), file.path.size() + 1);
  XXH128_canonical_t canonical{};
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state));
  XXH3_freeState(state);
  return "xxh3:" + hex(canonical.digest);
}

}  // namespace deckle
