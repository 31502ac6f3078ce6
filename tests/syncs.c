/* Preloaded by test_durability.py: writes down which files are synced, and fails those it is told to. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int note(int fd, long call) {
    char link[64], path[4096] = "";
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    if (readlink(link, path, sizeof path - 1) < 0) path[0] = 0;
    FILE *log = fopen(getenv("SYNCS_LOG"), "a");
    if (log) {
        fprintf(log, "%s\n", path);
        fclose(log);
    }
    const char *fail = getenv("SYNCS_FAIL");
    if (fail && *fail && strstr(path, fail)) {
        errno = EIO;
        return -1;
    }
    return syscall(call, fd);
}

int fsync(int fd) { return note(fd, SYS_fsync); }
int fdatasync(int fd) { return note(fd, SYS_fdatasync); }
