// SPDX-License-Identifier: Apache-2.0
// godown FOLDER: shuts down the file system of a folder at once, as a loss of power does. Data that
// are not yet on the disk are lost, also those of the file system's journal. Needs root; ext4, xfs
// and a few others know the call. Source  XFS_IOC_GOINGDOWN and EXT4_IOC_SHUTDOWN of the kernel,
// which are one number
#include <fcntl.h>
#include <sys/ioctl.h>

#include <cstdint>
#include <cstdio>

int main(int count, char** arguments) {
  std::uint32_t without_flush = 2;
  const int folder = count == 2 ? ::open(arguments[1], O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
  if (folder < 0 || ::ioctl(folder, _IOR('X', 125, std::uint32_t), &without_flush) != 0) {
    std::perror("godown");
    return 1;
  }
  return 0;
}
