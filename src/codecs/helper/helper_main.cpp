// SPDX-License-Identifier: Apache-2.0
// helper_main: deckle-decoder, the program that runs a plug-in in a process of its own. deckle
// starts it (helper_process.cpp), with the plug-in's path and its own process number.
// Fails   ends when deckle ends; an error of a job is in the reply
// Source  seccomp(2), prctl(2), memfd_create(2)
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "codecs/helper/helper_limits.h"
#include "codecs/helper/helper_protocol.h"

namespace {

using namespace deckle;

// Libraries that open files themselves get this name for the file of the job.
constexpr std::string_view kFileName = "/proc/self/fd/4";
static_assert(kHelperFile == 4);

bool is_file(const char* path) {
  return path != nullptr && path == kFileName;
}

int open_file() {
  const int copy = ::dup(kHelperFile);
  if (copy >= 0) ::lseek(copy, 0, SEEK_SET);
  return copy;
}

FILE* open_stream(const char* function, const char* path, const char* mode) {
  if (is_file(path)) {
    const int copy = open_file();
    return copy < 0 ? nullptr : ::fdopen(copy, mode);
  }
  using Fopen = FILE* (*)(const char*, const char*);
  const auto original = reinterpret_cast<Fopen>(::dlsym(RTLD_NEXT, function));
  return original(path, mode);
}

int open_descriptor(const char* function, const char* path, int flags, mode_t mode) {
  if (is_file(path)) return open_file();
  using Open = int (*)(const char*, int, ...);
  const auto original = reinterpret_cast<Open>(::dlsym(RTLD_NEXT, function));
  return original(path, flags, mode);
}

mode_t mode_of(int flags, std::va_list list) {
  // O_TMPFILE contains the bit of O_DIRECTORY, which alone takes no mode.
  const bool creates = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return creates ? static_cast<mode_t>(va_arg(list, unsigned)) : 0;
}

bool read_all(void* to, std::size_t bytes) {
  auto* at = static_cast<char*>(to);
  while (bytes > 0) {
    const ssize_t n = ::read(kHelperSocket, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

bool write_all(const void* from, std::size_t bytes) {
  const auto* at = static_cast<const char*>(from);
  while (bytes > 0) {
    const ssize_t n = ::write(kHelperSocket, at, bytes);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    bytes -= static_cast<std::size_t>(n);
  }
  return true;
}

bool reply(DecoderOutcome outcome, std::string_view answer) {
  const HelperReply head{outcome, 0, answer.size()};
  return write_all(&head, sizeof head) && write_all(answer.data(), answer.size());
}

// Memory that is shared with deckle, by a descriptor.
class Mapping {
 public:
  Mapping(int descriptor, int rights) : descriptor_(descriptor), rights_(rights) {}

  // False if memory is short.
  bool have(std::size_t bytes) {
    if (bytes == bytes_) return true;
    if (data_ != nullptr) ::munmap(data_, bytes_);
    data_ = nullptr;
    bytes_ = 0;
    if (bytes == 0) return true;
    void* const mapped = ::mmap(nullptr, bytes, rights_, MAP_SHARED, descriptor_, 0);
    if (mapped == MAP_FAILED) return false;
    data_ = static_cast<std::uint8_t*>(mapped);
    bytes_ = bytes;
    return true;
  }
  [[nodiscard]] std::uint8_t* data() const { return data_; }

 private:
  int descriptor_;
  int rights_;
  std::uint8_t* data_ = nullptr;
  std::size_t bytes_ = 0;
};

struct Functions {
  decltype(&deckle_decoder_interface) interface = nullptr;
  decltype(&deckle_decoder_version) version = nullptr;
  decltype(&deckle_decoder_prepare) prepare = nullptr;
  decltype(&deckle_decoder_run) run = nullptr;
};

// Loads the plug-in. Returns the reason if it fails, else "".
std::string load(const char* path, Functions& plugin) {
  void* const library = ::dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) return std::string("cannot be loaded: ") + ::dlerror();
  const auto find = [&]<typename F>(F& function, const char* name) {
    function = reinterpret_cast<F>(::dlsym(library, name));
    return function != nullptr;
  };
  if (!find(plugin.interface, "deckle_decoder_interface") ||
      plugin.interface() != kDecoderInterface || !find(plugin.version, "deckle_decoder_version") ||
      !find(plugin.prepare, "deckle_decoder_prepare") || !find(plugin.run, "deckle_decoder_run"))
    return std::string("is of another version of deckle: ") + path;
  return "";
}

// Answers one job; false if deckle has ended.
bool answer_one(const Functions& plugin, Mapping& file, Mapping& room) {
  HelperRequest request;
  if (!read_all(&request, sizeof request) || request.argument_bytes > kMostArgumentBytes)
    return false;
  std::vector<std::uint8_t> arguments(static_cast<std::size_t>(request.argument_bytes));
  if (!read_all(arguments.data(), arguments.size())) return false;
  if (!file.have(static_cast<std::size_t>(request.file_bytes)) ||
      !room.have(static_cast<std::size_t>(request.room_bytes)))
    return reply(DecoderOutcome::NoMemory, "");
  std::string answer;
  const DeckleDecoderJob job{request.operation,
                             arguments.data(),
                             arguments.size(),
                             file.data(),
                             static_cast<std::size_t>(request.file_bytes),
                             kFileName.data(),
                             room.data(),
                             static_cast<std::size_t>(request.room_bytes),
                             &answer,
                             [](void* self, const char* bytes, std::size_t count) {
                               auto& all = *static_cast<std::string*>(self);
                               if (count > kMostAnswerBytes - all.size()) throw std::bad_alloc();
                               all.append(bytes, count);
                             }};
  const DecoderOutcome outcome = plugin.run(&job);
  return reply(outcome, answer);
}

int serve(const char* path) {
  Functions plugin;
  std::string wrong = load(path, plugin);
  if (wrong.empty()) {
    plugin.prepare();
    if (const std::string kept = give_up_rights(); !kept.empty())
      wrong = "cannot be confined: " + kept;
  }
  if (!wrong.empty()) {
    reply(DecoderOutcome::Unsupported, wrong);
    return 1;
  }
  if (!reply(DecoderOutcome::Done, plugin.version())) return 1;
  Mapping file(kHelperFile, PROT_READ);
  Mapping room(kHelperRoom, PROT_READ | PROT_WRITE);
  while (answer_one(plugin, file, room)) {
  }
  return 0;
}

}  // namespace

// These functions replace those of libc, also for plug-ins and their libraries.
extern "C" {
FILE* fopen(const char* filename, const char* modes) {
  return open_stream("fopen", filename, modes);
}
FILE* fopen64(const char* filename, const char* modes) {
  return open_stream("fopen64", filename, modes);
}
int open(const char* file, int oflag, ...) {
  std::va_list list;
  va_start(list, oflag);
  const mode_t mode = mode_of(oflag, list);
  va_end(list);
  return open_descriptor("open", file, oflag, mode);
}
int open64(const char* file, int oflag, ...) {
  std::va_list list;
  va_start(list, oflag);
  const mode_t mode = mode_of(oflag, list);
  va_end(list);
  return open_descriptor("open64", file, oflag, mode);
}
}

int main(int argc, char** argv) {
  const std::string_view parent = argc == 3 ? argv[2] : "";
  int number = 0;
  std::from_chars(parent.data(), parent.data() + parent.size(), number);
  if (::fcntl(kHelperSocket, F_GETFD) < 0 || number == 0) {
    std::fputs("deckle-decoder is started by deckle, for files that a plug-in reads\n", stderr);
    return 2;
  }
  ::close_range(kHelperFirstFree, ~0U, 0);
  std::signal(SIGPIPE, SIG_IGN);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
  if (::getppid() != number) return 1;  // deckle has ended already
  int code = 1;
  try {
    code = serve(argv[1]);
  } catch (
      const std::exception&) {  // no memory for an answer: deckle reports that the helper ended
  }
  ::_exit(code);  // without the exit handlers of libraries
}
