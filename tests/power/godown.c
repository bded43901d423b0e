/* SPDX-License-Identifier: Apache-2.0
 * godown FOLDER: stops the file system of a folder at once, as a loss of power does: what was not written stays
 * unwritten, the journal included. For ext4, xfs and others that know the call; needs root.
 * Source  ext4(5) EXT4_IOC_SHUTDOWN, XFS_IOC_GOINGDOWN: one number */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/ioctl.h>

int main(int count, char** arguments) {
  const uint32_t without_flush = 2;
  const int folder = count == 2 ? open(arguments[1], O_RDONLY | O_DIRECTORY) : -1;
  if (folder < 0 || ioctl(folder, _IOR('X', 125, uint32_t), &without_flush) != 0) {
    perror("godown");
    return 1;
  }
  return 0;
}
