// SPDX-License-Identifier: Apache-2.0
// helper_limits: rlimits, and a filter that allows only the system calls of a list.
// Fails   with the text of errno if the system refuses
// Source  seccomp(2), setrlimit(2), prctl(2), the kernel's seccomp_filter.rst
// Memory and processor time depend on the job: deckle sets those limits (helper_process.cpp).
#include "codecs/helper/helper_limits.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

namespace deckle {
namespace {

#if defined(__x86_64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr std::uint32_t kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr std::uint32_t kArchitecture = 0;  // no list of calls was tested: no filter
#endif

// Calls that compute, or read and write open descriptors. Only newfstatat takes a name; it opens no
// file.
constexpr std::array kAllowed{__NR_restart_syscall, __NR_read,         __NR_write,
                              __NR_readv,           __NR_writev,       __NR_pread64,
                              __NR_lseek,           __NR_close,        __NR_dup,
                              __NR_fstat,           __NR_newfstatat,   __NR_munmap,
                              __NR_mremap,          __NR_madvise,      __NR_brk,
                              __NR_futex,           __NR_rt_sigreturn, __NR_rt_sigprocmask,
                              __NR_sigaltstack,     __NR_getpid,       __NR_gettid,
                              __NR_sched_yield,     __NR_getrandom,    __NR_sched_getaffinity,
                              __NR_clock_gettime,   __NR_clock_getres, __NR_gettimeofday,
                              __NR_clock_nanosleep, __NR_nanosleep,    __NR_getrusage,
                              __NR_uname,           __NR_sysinfo,      __NR_getcpu,
                              __NR_membarrier,      __NR_exit,         __NR_exit_group};

sock_filter statement(unsigned code, std::uint32_t value) {
  return {static_cast<std::uint16_t>(code), 0, 0, value};
}

// Skips `skip` instructions if the test of the loaded word fails.
sock_filter unless(unsigned test, std::uint32_t value, std::uint8_t skip) {
  return {static_cast<std::uint16_t>(BPF_JMP | test | BPF_K), 0, skip, value};
}

sock_filter load(std::size_t offset) {
  return statement(BPF_LD | BPF_W | BPF_ABS, static_cast<std::uint32_t>(offset));
}

sock_filter give_back(std::uint32_t action) {
  return statement(BPF_RET | BPF_K, action);
}

std::size_t argument(std::size_t i) {  // the lower half: both architectures are little-endian
  return offsetof(seccomp_data, args) + i * sizeof(std::uint64_t);
}

std::vector<sock_filter> filter() {
  const sock_filter number = load(offsetof(seccomp_data, nr));
  const sock_filter allow = give_back(SECCOMP_RET_ALLOW);
  const sock_filter refuse = give_back(SECCOMP_RET_ERRNO | EPERM);
  std::vector<sock_filter> program{load(offsetof(seccomp_data, arch)),
                                   {BPF_JMP | BPF_JEQ | BPF_K, 1, 0, kArchitecture},
                                   refuse,
                                   number};
  for (const long call : kAllowed) {
    program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(call), 1));
    program.push_back(allow);
  }
  for (const long call : {__NR_mmap, __NR_mprotect}) {  // no new code
    program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(call), 4));
    program.push_back(load(argument(2)));
    program.push_back(unless(BPF_JSET, PROT_EXEC, 1));
    program.push_back(refuse);
    program.push_back(allow);
  }
  // Only commands that query or copy a descriptor. F_SETOWN would make the kernel send signals to
  // deckle; locks and leases would affect the user's file.
  constexpr std::array kFcntl{F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD, F_GETFL};
  constexpr auto kBehind = static_cast<std::uint8_t>(2 * kFcntl.size() + 2);
  program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(__NR_fcntl), kBehind));
  program.push_back(load(argument(1)));
  for (const int command : kFcntl) {
    program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(command), 1));
    program.push_back(allow);
  }
  program.push_back(refuse);
  // abort() sends a signal to the process itself; no other target is allowed.
  program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(__NR_tgkill), 3));
  program.push_back(load(argument(0)));
  program.push_back(unless(BPF_JEQ, static_cast<std::uint32_t>(::getpid()), 1));
  program.push_back(allow);
  program.push_back(refuse);
  return program;
}

std::string failed(const char* what) {
  return std::string(what) + ": " + std::strerror(errno);  // NOLINT(concurrency-mt-unsafe)
}

}  // namespace

bool can_filter_calls() {
  // Address 0 cannot be read: a kernel that has filters fails with EFAULT.
  return kArchitecture != 0 && ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, nullptr, 0, 0) == -1 &&
         errno == EFAULT;
}

std::string give_up_rights() {
  struct Limit {
    int what;
    rlim_t most;
    const char* name;
  };
  // Descriptors: the six of the helper, and one that a library opens for the file.
  for (const Limit& limit :
       {Limit{RLIMIT_FSIZE, 0, "RLIMIT_FSIZE"}, Limit{RLIMIT_CORE, 0, "RLIMIT_CORE"},
        Limit{RLIMIT_NPROC, 0, "RLIMIT_NPROC"}, Limit{RLIMIT_NOFILE, 32, "RLIMIT_NOFILE"}}) {
    const rlimit both{limit.most, limit.most};
    if (::setrlimit(static_cast<__rlimit_resource_t>(limit.what), &both) != 0)
      return failed(limit.name);
  }
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return failed("PR_SET_NO_NEW_PRIVS");
  if (!can_filter_calls()) return "";
  std::vector<sock_filter> program = filter();
  const sock_fprog all{static_cast<unsigned short>(program.size()), program.data()};
  // The filter also applies to threads that a library has started already.
  if (::syscall(__NR_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &all) != 0)
    return failed("seccomp");
  return "";
}

}  // namespace deckle
