// SPDX-License-Identifier: Apache-2.0
// helper_process: starts deckle-decoder, and sends jobs to it.
// Fails   Unsupported if it or the plug-in is missing, Unreadable if the system starts no process,
//         Damaged or TooLarge if a file kills the process
// Source  posix_spawn(3), memfd_create(2), prlimit(2), clock_getcpuclockid(3)
// The bytes of a file and its samples are in memfds, which the helper maps. deckle trusts no
// answer: its length may be wrong, and it may never come.
#include "codecs/helper/helper_process.h"

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstring>
#include <ctime>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "codecs/helper/helper_limits.h"
#include "codecs/helper/helper_protocol.h"
#include "core/text.h"

extern char** environ;  // NOLINT: POSIX's

namespace deckle {
namespace {

namespace fs = std::filesystem;

// Larger memory is released after each job: idle processes keep little memory.
constexpr std::size_t kKeptBytes = std::size_t{1} << 24U;
// A process that uses no processor time for this long is ended: it would wait forever.
constexpr std::chrono::seconds kMostIdle{120};

Error not_started(const char* what, int error_number) {
  return errno_error(ErrorCode::Unreadable,
                     std::string("no helper process can be started: ") + what, error_number);
}

// Moves a descriptor above the numbers that descriptors have in the helper. Otherwise one could be
// overwritten before it is copied.
Result<File> moved_up(int descriptor) {
  const File low(descriptor);
  const int error_number = errno;
  if (descriptor < 0) return not_started("no descriptor", error_number);
  File high(::fcntl(descriptor, F_DUPFD_CLOEXEC, kHelperFirstFree));
  if (!high.is_open()) return not_started("no descriptor", errno);
  return high;
}

// The variables that the loader, malloc, sanitizers and OpenCV read. The helper gets no others:
// they may contain secrets.
std::vector<char*> helper_environment() {
  constexpr std::array<std::string_view, 7> kKept{"LD_",   "MALLOC_", "OPENCV_", "ASAN_",
                                                  "LSAN_", "TSAN_",   "UBSAN_"};
  std::vector<char*> kept;
  for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    if (std::any_of(kKept.begin(), kKept.end(),
                    [&](std::string_view start) { return text.starts_with(start); }))
      kept.push_back(*entry);
  }
  kept.push_back(nullptr);
  return kept;
}

struct SpawnActions {
  SpawnActions() { ::posix_spawn_file_actions_init(&files); }
  ~SpawnActions() { ::posix_spawn_file_actions_destroy(&files); }
  SpawnActions(const SpawnActions&) = delete;
  SpawnActions& operator=(const SpawnActions&) = delete;
  posix_spawn_file_actions_t files{};
};

struct SpawnAttributes {
  SpawnAttributes() { ::posix_spawnattr_init(&all); }
  ~SpawnAttributes() { ::posix_spawnattr_destroy(&all); }
  SpawnAttributes(const SpawnAttributes&) = delete;
  SpawnAttributes& operator=(const SpawnAttributes&) = delete;
  posix_spawnattr_t all{};
};

}  // namespace

Result<std::unique_ptr<HelperProcess>> HelperProcess::start(const Plugin& plugin,
                                                            std::span<const fs::path> folders,
                                                            File file, const HelperLimits& limits) {
  const auto library = need_plugin(plugin, folders);
  if (!library) return library.error();
  const auto helper = need_plugin(kHelperProgram, folders);
  if (!helper) return helper.error();
  std::unique_ptr<HelperProcess> process(new HelperProcess(plugin, limits));
  if (auto spawned = process->spawn(*helper, *library, std::move(file)); !spawned)
    return spawned.error();
  auto hello = process->read_answer();
  if (!hello) {  // no file was read yet
    return Error{ErrorCode::Unsupported,
                 std::string(plugin.file) + ", which cannot be used: " + hello.error().message};
  }
  if (hello->outcome != DecoderOutcome::Done) {
    return Error{ErrorCode::Unsupported,
                 std::string(plugin.file) + ", which " + printable(hello->text)};
  }
  process->version_ = printable(hello->text);
  return process;
}

Result<Done> HelperProcess::spawn(const fs::path& helper, const fs::path& library, File file) {
  owns_file_ = !file.is_open();
  if (owns_file_) {
    auto copy = moved_up(::memfd_create("deckle-file", MFD_CLOEXEC));
    if (!copy) return copy.error();
    file_ = *std::move(copy);
  } else {
    const auto stamp = stamp_of(file);
    file_bytes_ = stamp ? static_cast<std::size_t>(stamp->size) : 0;
    auto moved = moved_up(::fcntl(file.fd(), F_DUPFD_CLOEXEC, kHelperFirstFree));
    if (!moved) return moved.error();
    file_ = *std::move(moved);
  }
  auto room = moved_up(::memfd_create("deckle-room", MFD_CLOEXEC));
  if (!room) return room.error();
  room_ = *std::move(room);
  std::array<int, 2> ends{};
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) != 0)
    return not_started("no socket", errno);
  socket_ = File(ends[0]);
  auto theirs = moved_up(ends[1]);
  if (!theirs) return theirs.error();

  SpawnActions actions;
  ::posix_spawn_file_actions_adddup2(&actions.files, theirs->fd(), kHelperSocket);
  ::posix_spawn_file_actions_adddup2(&actions.files, file_.fd(), kHelperFile);
  ::posix_spawn_file_actions_adddup2(&actions.files, room_.fd(), kHelperRoom);
  for (const int standard : {0, 1, 2}) {
    ::posix_spawn_file_actions_addopen(&actions.files, standard, "/dev/null",
                                       standard == 0 ? O_RDONLY : O_WRONLY, 0);
  }
  // The helper has its own process group: Ctrl-C reaches only deckle, which finishes the images
  // that it has begun.
  SpawnAttributes attributes;
  sigset_t signals{};
  ::sigfillset(&signals);
  ::posix_spawnattr_setsigdefault(&attributes.all, &signals);
  ::sigemptyset(&signals);
  ::posix_spawnattr_setsigmask(&attributes.all, &signals);
  ::posix_spawnattr_setpgroup(&attributes.all, 0);
  ::posix_spawnattr_setflags(
      &attributes.all, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
  std::string program = helper.string();
  std::string path = library.string();
  std::string parent = std::to_string(::getpid());
  const std::array<char*, 4> arguments{program.data(), path.data(), parent.data(), nullptr};
  const std::vector<char*> environment = helper_environment();
  const int failed = ::posix_spawn(&pid_, program.c_str(), &actions.files, &attributes.all,
                                   arguments.data(), environment.data());
  if (failed != 0) {
    pid_ = -1;
    return not_started(printable(program).c_str(), failed);
  }
  return set_limits(0);
}

HelperProcess::~HelperProcess() {
  end();
}

// If the process has died already, the signal has no effect, and the status is the cause of its
// death.
void HelperProcess::end() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  status_ = 0;
  while (::waitpid(pid_, &status_, 0) < 0) {
    if (errno != EINTR) break;  // SIGCHLD is ignored: there is no child to wait for
  }
  pid_ = -1;
  socket_.close();
}

Error HelperProcess::died() {
  end();
  const std::string who = std::string("the decoder of ") + plugin_.reads;
  if (idle_) {
    return {ErrorCode::Damaged, "damaged: " + who + " did nothing for " +
                                    std::to_string(kMostIdle.count()) + " s and was ended"};
  }
  const int signal = WIFSIGNALED(status_) ? WTERMSIG(status_) : 0;
  if (signal == SIGXCPU || over_time_) {
    return {ErrorCode::TooLarge, who + " was ended after " + std::to_string(seconds_) +
                                     " s of processor time, the most for a file of this size"};
  }
  if (signal != 0) {
    const char* const meaning = ::sigdescr_np(signal);
    return {ErrorCode::Damaged, "damaged: " + who + " died (signal " + std::to_string(signal) +
                                    (meaning == nullptr ? "" : std::string(", ") + meaning) + ")"};
  }
  return {ErrorCode::Damaged, "damaged: " + who + " ended (exit code " +
                                  std::to_string(WIFEXITED(status_) ? WEXITSTATUS(status_) : 0) +
                                  ")"};
}

std::int64_t HelperProcess::processor_ms() const {
  clockid_t clock{};
  timespec used{};
  if (::clock_getcpuclockid(pid_, &clock) != 0 || ::clock_gettime(clock, &used) != 0) return 0;
  return std::int64_t{used.tv_sec} * 1000 + used.tv_nsec / 1'000'000;
}

std::uint64_t HelperProcess::most_memory(std::size_t room_bytes) const {
  return limits_.memory_bytes + limits_.memory_per_room * room_bytes + 2 * file_bytes_;
}

// deckle sets the limits: the helper cannot change its own.
Result<Done> HelperProcess::set_limits(std::size_t room_bytes) {
  seconds_ = limits_.seconds + room_bytes / limits_.room_per_second;
  const auto used = static_cast<std::uint64_t>(processor_ms()) / 1000;
  most_ms_ = static_cast<std::int64_t>(used + seconds_ + 1) * 1000;
  // A limit is at most the hard limit, which the user may have set (ulimit -H): it cannot be
  // raised.
  const auto limit = [&](auto what, rlim_t most) {
    rlimit both{};
    if (::prlimit(pid_, what, nullptr, &both) != 0) return errno == ESRCH;
    both.rlim_cur = std::min(most, both.rlim_max);
    return ::prlimit(pid_, what, &both, nullptr) == 0 || errno == ESRCH;
  };
  if (!limit(RLIMIT_CPU, used + seconds_)) return not_started("its time cannot be limited", errno);
  if (kLimitsMemory && !limit(RLIMIT_DATA, most_memory(room_bytes)))
    return not_started("its memory cannot be limited", errno);
  return Done{};
}

Result<Done> HelperProcess::put_file(Bytes file) {
  file_bytes_ = file.size();
  if (::ftruncate(file_.fd(), static_cast<off_t>(file.size())) != 0)
    return errno_error(ErrorCode::Unreadable, "no memory for the helper process", errno);
  for (std::size_t at = 0; at < file.size();) {
    const ssize_t n =
        ::pwrite(file_.fd(), file.data() + at, file.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0)
      return errno_error(ErrorCode::Unreadable, "no memory for the helper process", errno);
    at += static_cast<std::size_t>(n);
  }
  return Done{};
}

Result<Done> HelperProcess::have_room(std::size_t bytes) {
  if (bytes <= room_bytes_) return Done{};
  if (::ftruncate(room_.fd(), static_cast<off_t>(bytes)) != 0)
    return errno_error(ErrorCode::Unreadable, "no memory for the helper process", errno);
  room_bytes_ = bytes;
  return Done{};
}

// Copies by read: mapping takes longer, and would crash if the helper made the file shorter.
bool HelperProcess::take_room(std::span<std::uint8_t> room) const {
  for (std::size_t at = 0; at < room.size();) {
    const ssize_t n =
        ::pread(room_.fd(), room.data() + at, room.size() - at, static_cast<off_t>(at));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += static_cast<std::size_t>(n);
  }
  return true;
}

bool HelperProcess::receive_all(void* to, std::size_t bytes) {
  auto* at = static_cast<std::uint8_t*>(to);
  const std::chrono::milliseconds wait{stop_ == nullptr ? 1000 : 100};
  // Idle time is counted in waits, not by the clock: a scheduler may suspend both processes for
  // hours.
  std::chrono::milliseconds idle{0};
  std::int64_t computed = -1;
  while (bytes > 0) {
    if (is_told(stop_)) return false;
    // A library can block the signal that the kernel sends at the limit.
    const std::int64_t used = processor_ms();
    if (used > most_ms_) {
      over_time_ = true;
      return false;
    }
    pollfd waiting{socket_.fd(), POLLIN, 0};
    const int ready = ::poll(&waiting, 1, static_cast<int>(wait.count()));
    if (ready < 0 && errno != EINTR) return false;
    if (ready <= 0) {
      if (used != computed) idle = idle.zero();
      computed = used;
      if (ready == 0) idle += wait;
      if (idle > kMostIdle) {
        idle_ = true;
        return false;
      }
      continue;
    }
    const ssize_t n = ::recv(socket_.fd(), at, bytes, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<std::size_t>(n);
    idle = idle.zero();
  }
  return true;
}

Result<HelperAnswer> HelperProcess::read_answer() {
  HelperReply head;
  if (!receive_all(&head, sizeof head)) return died();
  if (head.answer_bytes > kMostAnswerBytes) return died();
  HelperAnswer answer;
  answer.outcome = head.outcome;
  auto left = static_cast<std::size_t>(head.answer_bytes);
  while (left > 0) {  // allocates for received bytes, not for the announced length
    const std::size_t piece = std::min(left, std::size_t{1} << 16U);
    const std::size_t had = answer.text.size();
    answer.text.resize(had + piece);
    if (!receive_all(answer.text.data() + had, piece)) return died();
    left -= piece;
  }
  return answer;
}

Result<HelperAnswer> HelperProcess::run(const HelperJob& job) {
  if (ended()) return died();
  if (job.file) {
    if (auto put = put_file(*job.file); !put) return put.error();
  }
  if (auto room = have_room(job.room.size()); !room) return room.error();
  if (auto limited = set_limits(job.room.size()); !limited) return limited.error();
  const HelperRequest head{job.operation, 0, job.arguments.size(), file_bytes_, job.room.size()};
  std::string request(reinterpret_cast<const char*>(&head), sizeof head);
  request.append(reinterpret_cast<const char*>(job.arguments.data()), job.arguments.size());
  for (std::size_t at = 0; at < request.size();) {
    const ssize_t n = ::send(socket_.fd(), request.data() + at, request.size() - at,
                             MSG_NOSIGNAL | MSG_DONTWAIT);  // it has room for a whole request
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return died();
    at += static_cast<std::size_t>(n);
  }
  stop_ = job.stop;
  auto answer = read_answer();
  const bool stopped = !answer && is_told(stop_);
  stop_ = nullptr;
  if (stopped) return given_up();
  if (!answer) return answer;
  const bool taken = answer->outcome != DecoderOutcome::Done || take_room(job.room);
  give_back();
  if (answer->outcome == DecoderOutcome::NoMemory) {
    return Error{ErrorCode::TooLarge, std::string("the decoder of ") + plugin_.reads +
                                          " needs more memory than " +
                                          byte_size(most_memory(job.room.size())) +
                                          ", the most for a file of this size"};
  }
  if (!taken) return died();
  return answer;
}

void HelperProcess::give_back() {
  if (owns_file_ && file_bytes_ > kKeptBytes && ::ftruncate(file_.fd(), 0) != 0) end();
  if (room_bytes_ > kKeptBytes &&
      ::fallocate(room_.fd(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
                  static_cast<off_t>(room_bytes_)) != 0)
    end();  // this frees its memory; the next job starts another
}

namespace {

Result<HelperProcess*> helper_of_thread(const Plugin& plugin) {
  thread_local std::map<std::string_view, std::unique_ptr<HelperProcess>> helpers;
  std::unique_ptr<HelperProcess>& mine = helpers[plugin.file];
  if (mine == nullptr || mine->ended()) {
    auto started = HelperProcess::start(plugin, plugin_folders());
    if (!started) {
      const Error& error = started.error();
      if (error.code != ErrorCode::Unsupported) return error;
      return Error{error.code, std::string(plugin.reads) + " needs " + error.message};
    }
    mine = *std::move(started);
  }
  return mine.get();
}

}  // namespace

Result<HelperAnswer> run_in_helper(const Plugin& plugin, const HelperJob& job) {
  const auto helper = helper_of_thread(plugin);
  if (!helper) return helper.error();
  return (*helper)->run(job);
}

std::string version_in_helper(const Plugin& plugin) {
  const auto helper = helper_of_thread(plugin);
  return helper ? (*helper)->version() : "";
}

}  // namespace deckle
