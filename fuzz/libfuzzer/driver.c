/* libFuzzer's side of a .NET target: passes inputs to a process and takes its coverage back.
   SharpFuzz expects shared memory (64 KiB of counters, then the input) and two pipes with fixed numbers. */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ipc.h>
#include <sys/shm.h>
#include <unistd.h>

enum { COUNTERS = 65536, MAX_INPUT = 1 << 20, CONTROL_PIPE = 198, STATUS_PIPE = 199 };

/* libFuzzer adds up what it finds in this section; without `used` the optimizer drops it, and coverage is lost. */
__attribute__((section("__libfuzzer_extra_counters"), used)) static uint8_t counters[COUNTERS];

static uint8_t *shared;
static int control, status;

static void fail(const char *what)
{
    perror(what);
    exit(2);
}

/* libFuzzer looks at its clock by a signal, which interrupts the wait for the target. */
static int read_status(void)
{
    int32_t answer;
    ssize_t length;
    do
        length = read(status, &answer, sizeof answer);
    while (length < 0 && errno == EINTR);
    return length == sizeof answer ? answer : -1;
}

static void start(const char *command)
{
    int to[2], from[2];
    if (pipe(to) != 0 || pipe(from) != 0)
        fail("pipe");
    switch (fork()) {
    case -1:
        fail("fork");
    case 0:
        if (dup2(to[0], CONTROL_PIPE) < 0 || dup2(from[1], STATUS_PIPE) < 0)
            fail("dup2");
        close(to[0]), close(to[1]), close(from[0]), close(from[1]);
        execl("/bin/sh", "sh", "-c", command, (char *)NULL);
        fail("execl");
    }
    close(to[0]), close(from[1]);
    control = to[1], status = from[0];
    if (read_status() != 0)
        fail("the target does not start");
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    (void)argc, (void)argv;
    const char *command = getenv("FUZZ_COMMAND");
    if (command == NULL)
        fail("FUZZ_COMMAND is not set");
    int id = shmget(IPC_PRIVATE, COUNTERS + MAX_INPUT, IPC_CREAT | 0600);
    if (id < 0 || (shared = shmat(id, NULL, 0)) == (void *)-1)
        fail("shared memory");
    char text[16];
    snprintf(text, sizeof text, "%d", id);
    setenv("__LIBFUZZER_SHM_ID", text, 1);
    setenv("__LIBFUZZER_CONTROL_PIPE_ID", "198", 1);
    setenv("__LIBFUZZER_STATUS_PIPE_ID", "199", 1);
    start(command);
    shmctl(id, IPC_RMID, NULL);
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t length)
{
    int32_t size = (int32_t)length;
    if (length > MAX_INPUT)
        return 0;
    memset(shared, 0, COUNTERS);
    memcpy(shared + COUNTERS, input, length);
    if (write(control, &size, sizeof size) != sizeof size || read_status() != 0)
        abort();
    memcpy(counters, shared, COUNTERS);
    return 0;
}
