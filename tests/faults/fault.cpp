// SPDX-License-Identifier: Apache-2.0
// fault: preloaded into a program, makes one system call fail, chosen by its kind and its number.
//
//     DECKLE_FAULT="pread 3 5 error" DECKLE_FAULT_LOG=log LD_PRELOAD=libdeckle_fault.so deckle ..
//  lets the third pread fail with errno 5. Instead of "error": "short" does a part of the work and
// returns its size, "partial" does a part and fails, "nothing" returns 0. If the call is made, the
// log gets a line. Without DECKLE_FAULT the log gets the number of calls of each kind. Calls before
// main and after it do not count. For glibc.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace {

enum Kind {
  kOpen,
  kCreate,
  kOpenAt,
  kRead,
  kPread,
  kWrite,
  kPwrite,
  kRename,
  kRenameAt,
  kLink,
  kUnlink,
  kSync,
  kTruncate,
  kClose,
  kMap,
  kStat,
  kLinkStat,
  kFileStat,
  kStatAt,
  kAccess,
  kOpenFolder,
  kReadFolder,
  kMakeFolder,
  kLock,
  kThread,
  kMemory,
  kKinds
};

constexpr std::array<const char*, kKinds> kNames{
    "open",    "creat",     "openat", "read",           "pread",   "write",     "pwrite",
    "rename",  "renameat2", "link",   "unlink",         "sync",    "ftruncate", "close",
    "mmap",    "stat",      "lstat",  "fstat",          "fstatat", "access",    "opendir",
    "readdir", "mkdir",     "flock",  "pthread_create", "malloc"};

enum class How { Error, Short, Partial, Nothing };

std::atomic<bool> armed{false};
std::array<std::atomic<long>, kKinds> calls{};
int wanted_kind = -1;
long wanted_call = 0;
int wanted_errno = 0;
How wanted_how = How::Error;

// Uses system calls directly: calls of this library must not be counted.
void log_line(const char* text, std::size_t length) {
  const char* const path = std::getenv("DECKLE_FAULT_LOG");
  if (path == nullptr) return;
  const long fd = ::syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0666);
  if (fd < 0) return;
  (void)::syscall(SYS_write, fd, text, length);
  (void)::syscall(SYS_close, fd);
}

// Counts a call. Returns whether it is the call that must fail.
bool is_hit(Kind kind) {
  if (!armed) return false;
  const long call = ++calls[kind];
  if (kind != wanted_kind || call != wanted_call) return false;
  log_line("hit\n", 4);
  errno = wanted_errno;
  return true;
}

template <typename Function>
Function* next(const char* name) {
  return reinterpret_cast<Function*>(::dlsym(RTLD_NEXT, name));  // NOLINT
}

std::size_t part(std::size_t length) {
  return length > 16 ? 7 : 1;
}

// A call that moves bytes: `move` does it with a smaller length.
template <typename Move>
ssize_t move_bytes(Kind kind, std::size_t length, Move move) {
  if (!is_hit(kind)) return move(length);
  if (wanted_how == How::Nothing) return 0;
  if (wanted_how == How::Short && length > 1) return move(part(length));
  if (wanted_how == How::Partial && length > 1) {
    (void)move(part(length));
    errno = wanted_errno;
  }
  return -1;
}

void read_plan() {
  const char* const plan = std::getenv("DECKLE_FAULT");
  if (plan == nullptr) return;
  std::array<char, 32> name{};
  std::array<char, 32> how{};
  if (std::sscanf(plan, "%31s %ld %d %31s", name.data(), &wanted_call, &wanted_errno,  // NOLINT
                  how.data()) != 4)
    std::_Exit(99);
  for (int kind = 0; kind < kKinds; ++kind) {
    if (std::strcmp(name.data(), kNames.at(static_cast<std::size_t>(kind))) == 0)
      wanted_kind = kind;
  }
  if (std::strcmp(how.data(), "short") == 0) wanted_how = How::Short;
  if (std::strcmp(how.data(), "partial") == 0) wanted_how = How::Partial;
  if (std::strcmp(how.data(), "nothing") == 0) wanted_how = How::Nothing;
  if (wanted_kind < 0) std::_Exit(99);
}

void log_counts() {
  if (wanted_kind >= 0) return;
  std::array<char, 64> line{};
  for (std::size_t kind = 0; kind < kKinds; ++kind) {
    const int length =
        std::snprintf(line.data(), line.size(), "%s %ld\n", kNames.at(kind), calls.at(kind).load());
    log_line(line.data(), static_cast<std::size_t>(length));
  }
}

using Main = int(int, char**, char**);
Main* real_main = nullptr;

int counted_main(int argc, char** argv, char** environment) {
  read_plan();
  armed = true;
  const int exit = real_main(argc, argv, environment);
  armed = false;
  log_counts();
  return exit;
}

}  // namespace

// Each function is linked under the name of the function that it replaces. In C++ it has another
// name, because the headers declare the originals differently (noexcept, nonnull).
extern "C" {

int start(Main* main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld)(),
          void* stack) __asm__("__libc_start_main");
int start(Main* main, int argc, char** argv, void (*init)(), void (*fini)(), void (*rtld)(),
          void* stack) {
  real_main = main;
  return next<decltype(start)>("__libc_start_main")(counted_main, argc, argv, init, fini, rtld,
                                                    stack);
}

int fault_open(const char* path, int flags, ...) __asm__("open");
int fault_open(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static auto* const real = next<int(const char*, int, ...)>("open");
  if (is_hit((flags & O_CREAT) != 0 ? kCreate : kOpen)) return -1;
  return real(path, flags, mode);
}
int fault_open64(const char* path, int flags, ...) __asm__("open64");
int fault_open64(const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  return fault_open(path, flags, mode);
}

int fault_openat(int folder, const char* path, int flags, ...) __asm__("openat");
int fault_openat(int folder, const char* path, int flags, ...) {
  va_list rest;
  va_start(rest, flags);
  const mode_t mode = (flags & O_CREAT) != 0 ? va_arg(rest, mode_t) : 0;
  va_end(rest);
  static auto* const real = next<int(int, const char*, int, ...)>("openat");
  return is_hit(kOpenAt) ? -1 : real(folder, path, flags, mode);
}

// openat2 has no function of its own.
long fault_syscall(long number, ...) __asm__("syscall");
long fault_syscall(long number, ...) {
  va_list rest;
  va_start(rest, number);
  std::array<long, 6> a{};
  for (long& argument : a)
    argument = va_arg(rest, long);
  va_end(rest);
  static auto* const real = next<long(long, ...)>("syscall");
#ifdef SYS_openat2
  if (number == SYS_openat2 && is_hit(kOpenAt)) return -1;
#endif
  return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

ssize_t fault_read(int fd, void* data, std::size_t length) __asm__("read");
ssize_t fault_read(int fd, void* data, std::size_t length) {
  static auto* const real = next<ssize_t(int, void*, std::size_t)>("read");
  return move_bytes(kRead, length, [&](std::size_t some) { return real(fd, data, some); });
}

ssize_t fault_pread(int fd, void* data, std::size_t length, off_t at) __asm__("pread");
ssize_t fault_pread(int fd, void* data, std::size_t length, off_t at) {
  static auto* const real = next<ssize_t(int, void*, std::size_t, off_t)>("pread");
  return move_bytes(kPread, length, [&](std::size_t some) { return real(fd, data, some, at); });
}
ssize_t fault_pread64(int fd, void* data, std::size_t length, off_t at) __asm__("pread64");
ssize_t fault_pread64(int fd, void* data, std::size_t length, off_t at) {
  return fault_pread(fd, data, length, at);
}

ssize_t fault_write(int fd, const void* data, std::size_t length) __asm__("write");
ssize_t fault_write(int fd, const void* data, std::size_t length) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t)>("write");
  if (fd <= STDERR_FILENO) return real(fd, data, length);
  return move_bytes(kWrite, length, [&](std::size_t some) { return real(fd, data, some); });
}

ssize_t fault_pwrite(int fd, const void* data, std::size_t length, off_t at) __asm__("pwrite");
ssize_t fault_pwrite(int fd, const void* data, std::size_t length, off_t at) {
  static auto* const real = next<ssize_t(int, const void*, std::size_t, off_t)>("pwrite");
  return move_bytes(kPwrite, length, [&](std::size_t some) { return real(fd, data, some, at); });
}
ssize_t fault_pwrite64(int fd, const void* data, std::size_t length, off_t at) __asm__("pwrite64");
ssize_t fault_pwrite64(int fd, const void* data, std::size_t length, off_t at) {
  return fault_pwrite(fd, data, length, at);
}

int fault_rename(const char* from, const char* to) __asm__("rename");
int fault_rename(const char* from, const char* to) {
  static auto* const real = next<int(const char*, const char*)>("rename");
  return is_hit(kRename) ? -1 : real(from, to);
}

int fault_renameat2(int a, const char* from, int b, const char* to,
                    unsigned flags) __asm__("renameat2");
int fault_renameat2(int a, const char* from, int b, const char* to, unsigned flags) {
  static auto* const real = next<int(int, const char*, int, const char*, unsigned)>("renameat2");
  return is_hit(kRenameAt) ? -1 : real(a, from, b, to, flags);
}
int fault_renameat(int a, const char* from, int b, const char* to) __asm__("renameat");
int fault_renameat(int a, const char* from, int b, const char* to) {
  static auto* const real = next<int(int, const char*, int, const char*)>("renameat");
  return is_hit(kRenameAt) ? -1 : real(a, from, b, to);
}

int fault_link(const char* from, const char* to) __asm__("link");
int fault_link(const char* from, const char* to) {
  static auto* const real = next<int(const char*, const char*)>("link");
  return is_hit(kLink) ? -1 : real(from, to);
}

int fault_unlink(const char* path) __asm__("unlink");
int fault_unlink(const char* path) {
  static auto* const real = next<int(const char*)>("unlink");
  return is_hit(kUnlink) ? -1 : real(path);
}
int fault_unlinkat(int folder, const char* path, int flags) __asm__("unlinkat");
int fault_unlinkat(int folder, const char* path, int flags) {
  static auto* const real = next<int(int, const char*, int)>("unlinkat");
  return is_hit(kUnlink) ? -1 : real(folder, path, flags);
}
int fault_rmdir(const char* path) __asm__("rmdir");
int fault_rmdir(const char* path) {
  static auto* const real = next<int(const char*)>("rmdir");
  return is_hit(kUnlink) ? -1 : real(path);
}

int fault_fsync(int fd) __asm__("fsync");
int fault_fsync(int fd) {
  static auto* const real = next<int(int)>("fsync");
  return is_hit(kSync) ? -1 : real(fd);
}
int fault_fdatasync(int fd) __asm__("fdatasync");
int fault_fdatasync(int fd) {
  static auto* const real = next<int(int)>("fdatasync");
  return is_hit(kSync) ? -1 : real(fd);
}
int fault_syncfs(int fd) __asm__("syncfs");
int fault_syncfs(int fd) {
  static auto* const real = next<int(int)>("syncfs");
  return is_hit(kSync) ? -1 : real(fd);
}
int fault_sync_file_range(int fd, off_t at, off_t length,
                          unsigned flags) __asm__("sync_file_range");
int fault_sync_file_range(int fd, off_t at, off_t length, unsigned flags) {
  static auto* const real = next<int(int, off_t, off_t, unsigned)>("sync_file_range");
  return is_hit(kSync) ? -1 : real(fd, at, length, flags);
}

int fault_ftruncate(int fd, off_t length) __asm__("ftruncate");
int fault_ftruncate(int fd, off_t length) {
  static auto* const real = next<int(int, off_t)>("ftruncate");
  return is_hit(kTruncate) ? -1 : real(fd, length);
}

// The file is still closed, as on Linux.
int fault_close(int fd) __asm__("close");
int fault_close(int fd) {
  static auto* const real = next<int(int)>("close");
  if (!is_hit(kClose)) return real(fd);
  (void)real(fd);
  errno = wanted_errno;
  return -1;
}

void* fault_mmap(void* address, std::size_t length, int protection, int flags, int fd,
                 off_t at) __asm__("mmap");
void* fault_mmap(void* address, std::size_t length, int protection, int flags, int fd, off_t at) {
  static auto* const real = next<void*(void*, std::size_t, int, int, int, off_t)>("mmap");
  return is_hit(kMap) ? MAP_FAILED : real(address, length, protection, flags, fd, at);
}
void* fault_mmap64(void* address, std::size_t length, int protection, int flags, int fd,
                   off_t at) __asm__("mmap64");
void* fault_mmap64(void* address, std::size_t length, int protection, int flags, int fd, off_t at) {
  return fault_mmap(address, length, protection, flags, fd, at);
}

int fault_stat(const char* path, struct stat* status) __asm__("stat");
int fault_stat(const char* path, struct stat* status) {
  static auto* const real = next<int(const char*, struct stat*)>("stat");
  return is_hit(kStat) ? -1 : real(path, status);
}
int fault_stat64(const char* path, struct stat* status) __asm__("stat64");
int fault_stat64(const char* path, struct stat* status) {
  return fault_stat(path, status);
}

int fault_lstat(const char* path, struct stat* status) __asm__("lstat");
int fault_lstat(const char* path, struct stat* status) {
  static auto* const real = next<int(const char*, struct stat*)>("lstat");
  return is_hit(kLinkStat) ? -1 : real(path, status);
}
int fault_lstat64(const char* path, struct stat* status) __asm__("lstat64");
int fault_lstat64(const char* path, struct stat* status) {
  return fault_lstat(path, status);
}

int fault_fstat(int fd, struct stat* status) __asm__("fstat");
int fault_fstat(int fd, struct stat* status) {
  static auto* const real = next<int(int, struct stat*)>("fstat");
  return is_hit(kFileStat) ? -1 : real(fd, status);
}
int fault_fstat64(int fd, struct stat* status) __asm__("fstat64");
int fault_fstat64(int fd, struct stat* status) {
  return fault_fstat(fd, status);
}

int fault_fstatat(int folder, const char* path, struct stat* status, int flags) __asm__("fstatat");
int fault_fstatat(int folder, const char* path, struct stat* status, int flags) {
  static auto* const real = next<int(int, const char*, struct stat*, int)>("fstatat");
  return is_hit(kStatAt) ? -1 : real(folder, path, status, flags);
}
int fault_fstatat64(int folder, const char* path, struct stat* status,
                    int flags) __asm__("fstatat64");
int fault_fstatat64(int folder, const char* path, struct stat* status, int flags) {
  return fault_fstatat(folder, path, status, flags);
}
int fault_statx(int folder, const char* path, int flags, unsigned mask,
                void* status) __asm__("statx");
int fault_statx(int folder, const char* path, int flags, unsigned mask, void* status) {
  static auto* const real = next<int(int, const char*, int, unsigned, void*)>("statx");
  return is_hit(kStatAt) ? -1 : real(folder, path, flags, mask, status);
}

int fault_access(const char* path, int mode) __asm__("access");
int fault_access(const char* path, int mode) {
  static auto* const real = next<int(const char*, int)>("access");
  return is_hit(kAccess) ? -1 : real(path, mode);
}

DIR* fault_opendir(const char* path) __asm__("opendir");
DIR* fault_opendir(const char* path) {
  static auto* const real = next<DIR*(const char*)>("opendir");
  return is_hit(kOpenFolder) ? nullptr : real(path);
}
DIR* fault_fdopendir(int fd) __asm__("fdopendir");
DIR* fault_fdopendir(int fd) {
  static auto* const real = next<DIR*(int)>("fdopendir");
  return is_hit(kOpenFolder) ? nullptr : real(fd);
}

struct dirent* fault_readdir(DIR* folder) __asm__("readdir");
struct dirent* fault_readdir(DIR* folder) {
  static auto* const real = next<struct dirent*(DIR*)>("readdir");
  return is_hit(kReadFolder) ? nullptr : real(folder);
}
struct dirent* fault_readdir64(DIR* folder) __asm__("readdir64");
struct dirent* fault_readdir64(DIR* folder) {
  return fault_readdir(folder);
}

int fault_mkdir(const char* path, mode_t mode) __asm__("mkdir");
int fault_mkdir(const char* path, mode_t mode) {
  static auto* const real = next<int(const char*, mode_t)>("mkdir");
  return is_hit(kMakeFolder) ? -1 : real(path, mode);
}

int fault_flock(int fd, int operation) __asm__("flock");
int fault_flock(int fd, int operation) {
  static auto* const real = next<int(int, int)>("flock");
  return is_hit(kLock) ? -1 : real(fd, operation);
}

int fault_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                         void* argument) __asm__("pthread_create");
int fault_pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*run)(void*),
                         void* argument) {
  static auto* const real =
      next<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)>("pthread_create");
  return is_hit(kThread) ? wanted_errno : real(thread, attributes, run, argument);
}

void* __libc_malloc(std::size_t size);                           // NOLINT: glibc's
void* __libc_calloc(std::size_t count, std::size_t size);        // NOLINT
void* __libc_realloc(void* old, std::size_t size);               // NOLINT
void* __libc_memalign(std::size_t alignment, std::size_t size);  // NOLINT

void* fault_malloc(std::size_t size) __asm__("malloc");
void* fault_malloc(std::size_t size) {
  return is_hit(kMemory) ? nullptr : __libc_malloc(size);
}
void* fault_calloc(std::size_t count, std::size_t size) __asm__("calloc");
void* fault_calloc(std::size_t count, std::size_t size) {
  return is_hit(kMemory) ? nullptr : __libc_calloc(count, size);
}
void* fault_realloc(void* old, std::size_t size) __asm__("realloc");
void* fault_realloc(void* old, std::size_t size) {
  return is_hit(kMemory) ? nullptr : __libc_realloc(old, size);
}
void* fault_aligned_alloc(std::size_t alignment, std::size_t size) __asm__("aligned_alloc");
void* fault_aligned_alloc(std::size_t alignment, std::size_t size) {
  return is_hit(kMemory) ? nullptr : __libc_memalign(alignment, size);
}
int fault_posix_memalign(void** out, std::size_t alignment,
                         std::size_t size) __asm__("posix_memalign");
int fault_posix_memalign(void** out, std::size_t alignment, std::size_t size) {
  if (is_hit(kMemory)) return ENOMEM;
  *out = __libc_memalign(alignment, size);
  return *out != nullptr ? 0 : ENOMEM;
}

}  // extern "C"
