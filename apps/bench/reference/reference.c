// SPDX-License-Identifier: Apache-2.0
//
// The yardstick of `bench compare-c`: a minimal NVMe-like driver loop and device over shared-memory rings. It has what
// no such pair can do without and nothing more, so the TypeScript stack's figures can be read as a share of it.
// Build: gcc -O3 -march=native -pthread reference.c -o reference. Usage: --help, README.md.
#define _GNU_SOURCE
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdalign.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { BLOCK = 4096, NSID = 1, OPCODE_READ = 0x02 };
enum { OK = 0x00, INVALID_OPCODE = 0x01, INVALID_FIELD = 0x02, INVALID_NAMESPACE = 0x0b, LBA_OUT_OF_RANGE = 0x80 };
enum { LINE = 128 };               // two cache lines: with adjacent-line prefetch neighbours would share otherwise
enum { TURNS_PER_CLOCK = 256, IOS_PER_CLOCK = 4096 };  // a look at the clock costs more than a command, so: rarely
static const double WARM_UP = 0.2, LOST_AFTER = 5.0;  // seconds

struct command {
  uint8_t opcode, flags;
  uint16_t cid;
  uint32_t nsid;
  uint64_t reserved, metadata, prp1, prp2, slba;
  uint32_t cdw12, cdw13, cdw14, cdw15;
};
struct completion {
  uint32_t result, reserved;
  uint16_t sq_head, sq_id;
  _Atomic uint32_t last;           // CID, phase (bit 16), status (17 up): one word, stored last, publishes the entry
};
_Static_assert(sizeof(struct command) == 64 && sizeof(struct completion) == 16, "entry sizes are the standard's");

struct queue_pair {
  alignas(LINE) _Atomic uint32_t sq_tail;  // both doorbells are written by the driver alone, each on its own line
  alignas(LINE) _Atomic uint32_t cq_head;
  alignas(LINE) struct command *sq;        // from here on constant after set-up
  struct completion *cq;
  uint32_t mask;                           // entries - 1: the ring is a power of two
};

enum { INLINE, THREAD, COPY, HANDOVER, CLOCK };
static const char *const MODES[] = {"inline", "thread", "copy", "handover", "clock", NULL};
static const char *const MEDIA[] = {"null", "copy", NULL};
struct options {
  int mode, media, sq_doorbell, cq_doorbell;
  uint32_t qd, ring;
  uint64_t bytes, seed;
  double seconds;
  bool verify;
};

// ---- memory, random blocks, time, threads --------------------------------------------------------------------------
static void give_up(const char *what, int error) {
  fprintf(stderr, "reference: cannot %s: %s\n", what, strerror(error));
  exit(1);
}

static void *allocated[8];  // all of it lives until the end of main
static int allocations;

static void *allocate(size_t bytes) {
  size_t size = (bytes + BLOCK - 1) / BLOCK * BLOCK;
  void *memory = allocated[allocations++] = aligned_alloc(BLOCK, size);
  if (!memory) give_up("allocate memory", errno);
  return memset(memory, 0, size);
}

// Every block starts with its index, for --verify; and pages never written would all be one page of zeroes.
static uint8_t *new_medium(uint64_t bytes) {
  uint8_t *medium = allocate(bytes);
  for (uint64_t index = 0; index < bytes / BLOCK; index++) memcpy(medium + index * BLOCK, &index, sizeof index);
  return medium;
}

static uint64_t random_block(uint64_t *state, uint64_t blocks) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return ((*state >> 32) * blocks) >> 32;  // scaled without a division; blocks <= 2^28
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int core_count;

// A second thread; it and this one each get one of the first two cores the process may run on, if there are two.
static pthread_t start(void *(*body)(void *), void *context) {
  pthread_t pair[2] = {pthread_self()};
  cpu_set_t allowed, one;
  size_t cores[2];
  CPU_ZERO(&allowed);
  pthread_getaffinity_np(pair[0], sizeof allowed, &allowed);
  for (size_t id = 0; id < CPU_SETSIZE && core_count < 2; id++)
    if (CPU_ISSET(id, &allowed)) cores[core_count++] = id;
  int error = pthread_create(&pair[1], NULL, body, context);
  if (error) give_up("start a thread", error);
  for (int side = 0; core_count == 2 && side < 2; side++) {
    CPU_ZERO(&one);
    CPU_SET(cores[side], &one);
    pthread_setaffinity_np(pair[side], sizeof one, &one);
  }
  return pair[1];
}

static inline void idle(void) {  // spinning only makes sense when the other side has a core of its own
  if (core_count < 2) sched_yield();
}

// ---- device --------------------------------------------------------------------------------------------------------
struct device {
  alignas(LINE) struct queue_pair *queue;
  const uint8_t *medium;                   // NULL: no data moves
  uint64_t blocks;
  uint32_t sq_head, cq_tail, cq_head_seen, phase;
  alignas(LINE) _Atomic bool stop;
};

static uint32_t execute(const struct device *device, const struct command *command) {
  if (command->opcode != OPCODE_READ) return INVALID_OPCODE;
  if (command->nsid != NSID) return INVALID_NAMESPACE;
  if ((command->cdw12 & 0xffff) != 0) return INVALID_FIELD;  // one block per command: PRP1 alone describes it
  if (command->slba >= device->blocks) return LBA_OUT_OF_RANGE;
  if (device->medium) memcpy((void *)(uintptr_t)command->prp1, device->medium + command->slba * BLOCK, BLOCK);
  return OK;
}

static bool cq_full(struct device *device) {
  uint32_t next = (device->cq_tail + 1) & device->queue->mask;
  if (next != device->cq_head_seen) return false;  // the other core's line is read only when that no longer suffices
  device->cq_head_seen = atomic_load_explicit(&device->queue->cq_head, memory_order_acquire);
  return next == device->cq_head_seen;
}

static void post(struct device *device, uint16_t cid, uint32_t status) {
  struct completion *entry = &device->queue->cq[device->cq_tail];
  entry->result = 0;
  entry->sq_head = (uint16_t)device->sq_head;
  entry->sq_id = 1;
  atomic_store_explicit(&entry->last, status << 17 | device->phase << 16 | cid, memory_order_release);
  device->cq_tail = (device->cq_tail + 1) & device->queue->mask;
  if (device->cq_tail == 0) device->phase ^= 1;
}

static void step(struct device *device) {
  uint32_t tail = atomic_load_explicit(&device->queue->sq_tail, memory_order_acquire);
  while (device->sq_head != tail && !cq_full(device)) {
    const struct command *command = &device->queue->sq[device->sq_head];
    uint16_t cid = command->cid;
    uint32_t status = execute(device, command);
    device->sq_head = (device->sq_head + 1) & device->queue->mask;
    post(device, cid, status);
  }
}

static void *device_thread(void *context) {
  struct device *device = context;
  for (; !atomic_load_explicit(&device->stop, memory_order_relaxed); idle()) step(device);
  return NULL;
}

// ---- driver --------------------------------------------------------------------------------------------------------
struct tracker {  // by CID: who is told when the command is back
  void (*done)(void *context, uint16_t cid, uint32_t status);
  void *context;
};

struct driver {
  alignas(LINE) struct queue_pair *queue;
  struct tracker *trackers;
  uint16_t *free_cids;                     // a stack: the tracker used last is the one still in the cache
  uint32_t free_count, depth;
  uint32_t sq_tail, sq_rung, cq_head, cq_rung, phase;
  uint32_t cq_hold;                        // completions to consume before the CQ doorbell is written
  bool ring_each, issuing, verify;
  uint64_t random, blocks, ios, errors, sq_doorbells, cq_doorbells;
};

static void ring_sq(struct driver *driver) {
  if (driver->sq_rung == driver->sq_tail) return;
  driver->sq_rung = driver->sq_tail;
  driver->sq_doorbells++;
  atomic_store_explicit(&driver->queue->sq_tail, driver->sq_tail, memory_order_release);
}

static void ring_cq(struct driver *driver) {
  if (((driver->cq_head - driver->cq_rung) & driver->queue->mask) < driver->cq_hold) return;
  driver->cq_rung = driver->cq_head;
  driver->cq_doorbells++;
  atomic_store_explicit(&driver->queue->cq_head, driver->cq_head, memory_order_release);
}

// No check for a full SQ: there are fewer trackers than ring entries, so whoever holds a tracker has room.
static uint16_t submit(struct driver *driver, struct tracker tracker, uint64_t slba, const uint8_t *buffer) {
  uint16_t cid = driver->free_cids[--driver->free_count];
  driver->trackers[cid] = tracker;
  struct command command = {
    .opcode = OPCODE_READ, .cid = cid, .nsid = NSID, .prp1 = (uint64_t)(uintptr_t)buffer, .slba = slba,
  };
  driver->queue->sq[driver->sq_tail] = command;
  driver->sq_tail = (driver->sq_tail + 1) & driver->queue->mask;
  if (driver->ring_each) ring_sq(driver);
  return cid;
}

static void complete(struct driver *driver, uint32_t last) {
  uint16_t cid = (uint16_t)last;
  if (cid >= driver->depth || !driver->trackers[cid].done) {  // no command that is out
    driver->errors++;
    return;
  }
  struct tracker tracker = driver->trackers[cid];
  driver->trackers[cid].done = NULL;
  driver->free_cids[driver->free_count++] = cid;
  tracker.done(tracker.context, cid, last >> 17);
}

static uint32_t poll_completions(struct driver *driver) {
  uint32_t count = 0;
  for (; count < driver->depth; count++) {  // bounded, or a fast device could keep this poll's doorbells back
    uint32_t last = atomic_load_explicit(&driver->queue->cq[driver->cq_head].last, memory_order_acquire);
    if ((last >> 16 & 1) != driver->phase) break;
    driver->cq_head = (driver->cq_head + 1) & driver->queue->mask;
    if (driver->cq_head == 0) driver->phase ^= 1;
    complete(driver, last);
  }
  if (count) ring_cq(driver);
  return count;
}

// ---- the load: a closed loop of random reads -----------------------------------------------------------------------
struct io {
  struct driver *driver;
  uint8_t *buffer;
  uint64_t slba;
  uint16_t cid;
};

static void io_done(void *context, uint16_t cid, uint32_t status);

static void issue(struct io *io) {
  struct driver *driver = io->driver;
  io->slba = random_block(&driver->random, driver->blocks);
  if (driver->verify) memset(io->buffer, 0xff, 8);  // what an earlier read left must not pass for this one's data
  io->cid = submit(driver, (struct tracker){io_done, io}, io->slba, io->buffer);
}

static void io_done(void *context, uint16_t cid, uint32_t status) {
  struct io *io = context;
  struct driver *driver = io->driver;
  driver->ios++;
  if (status != OK || cid != io->cid || (driver->verify && memcmp(io->buffer, &io->slba, 8))) driver->errors++;
  if (driver->issuing) issue(io);
}

static inline void turn(struct driver *driver, struct device *stepped) {
  uint32_t count = poll_completions(driver);
  ring_sq(driver);
  if (stepped) step(stepped);  // inline: the device's turn comes once the submissions have been rung in
  else if (!count) idle();
}

static double run_for(double seconds, struct driver *driver, struct device *stepped) {
  double begin = now(), elapsed;
  do {
    uint64_t enough = driver->ios + IOS_PER_CLOCK;
    for (int i = 0; i < TURNS_PER_CLOCK && driver->ios < enough; i++) turn(driver, stepped);
  } while ((elapsed = now() - begin) < seconds);
  return elapsed;
}

static int report(const struct options *o, const struct driver *d, double seconds) {
  printf("{\"mode\":\"%s\",\"media\":\"%s\",\"qd\":%" PRIu32 ",\"ring\":%" PRIu32 ",\"ios\":%" PRIu64
         ",\"seconds\":%.6f,\"iops\":%.0f,\"nsPerIo\":%.3f,\"sqDoorbells\":%" PRIu64 ",\"cqDoorbells\":%" PRIu64
         ",\"errors\":%" PRIu64 "}\n",
         MODES[o->mode], MEDIA[o->media], o->qd, o->ring, d->ios, seconds, (double)d->ios / seconds,
         d->ios ? seconds * 1e9 / (double)d->ios : 0.0, d->sq_doorbells, d->cq_doorbells, d->errors);
  if (!d->ios) fprintf(stderr, "reference: nothing completed in %.3f seconds\n", seconds);
  return d->errors || !d->ios;
}

static int measure(const struct options *o, struct driver *driver, struct device *stepped) {
  struct io *ios = allocate(o->qd * sizeof *ios);
  uint8_t *buffers = allocate((size_t)o->qd * BLOCK);
  for (uint32_t i = 0; i < o->qd; i++) {
    ios[i] = (struct io){.driver = driver, .buffer = buffers + (size_t)i * BLOCK};
    issue(&ios[i]);
  }
  run_for(WARM_UP, driver, stepped);
  driver->ios = driver->sq_doorbells = driver->cq_doorbells = 0;  // not the errors: one in the warm-up is one too many
  double seconds = run_for(o->seconds, driver, stepped), deadline = now() + LOST_AFTER;
  struct driver measured = *driver;
  driver->issuing = false;
  while (driver->free_count < driver->depth && now() < deadline) turn(driver, stepped);
  measured.errors = driver->errors + driver->depth - driver->free_count;
  return report(o, &measured, seconds);
}

static int run_pair(const struct options *o) {
  static struct queue_pair queue;
  static struct device device;
  static struct driver driver;
  uint64_t blocks = o->bytes / BLOCK;
  queue.sq = allocate(o->ring * sizeof *queue.sq);
  queue.cq = allocate(o->ring * sizeof *queue.cq);
  queue.mask = o->ring - 1;
  device = (struct device){.queue = &queue, .blocks = blocks, .phase = 1};
  if (o->media) device.medium = new_medium(o->bytes);
  driver = (struct driver){
    .queue = &queue, .depth = o->qd, .phase = 1, .cq_hold = o->cq_doorbell ? o->ring / 2 : 1,
    .ring_each = o->sq_doorbell, .issuing = true, .verify = o->verify, .random = o->seed, .blocks = blocks,
  };
  driver.trackers = allocate(o->qd * sizeof *driver.trackers);
  driver.free_cids = allocate(o->qd * sizeof *driver.free_cids);
  for (uint32_t cid = o->qd; cid-- > 0;) driver.free_cids[driver.free_count++] = (uint16_t)cid;
  if (o->mode == INLINE) return measure(o, &driver, &device);
  pthread_t thread = start(device_thread, &device);
  int result = measure(o, &driver, NULL);
  atomic_store_explicit(&device.stop, true, memory_order_relaxed);
  pthread_join(thread, NULL);
  return result;
}

// ---- the machine's own figures: bare copy, cache-line hand-over, clock ---------------------------------------------
static int run_copy(const struct options *o) {
  struct driver counts = {.random = o->seed};
  uint8_t *medium = new_medium(o->bytes), *buffers = allocate((size_t)o->qd * BLOCK);
  uint32_t next = 0;
  double seconds;
  for (int pass = 0; pass < 2; pass++) {  // the first is the warm-up
    double begin = now();
    counts.ios = 0;
    do {
      uint64_t block = random_block(&counts.random, o->bytes / BLOCK);
      uint8_t *buffer = buffers + (size_t)next * BLOCK;  // as many targets, in turn, as the pair has at this depth
      next = next + 1 < o->qd ? next + 1 : 0;
      memcpy(buffer, medium + block * BLOCK, BLOCK);
      __asm__ volatile("" : : "r"(buffer) : "memory");   // someone may look at the bytes: the copy has to be made
      if (o->verify && memcmp(buffer, &block, sizeof block)) counts.errors++;
    } while (++counts.ios % TURNS_PER_CLOCK || (seconds = now() - begin) < (pass ? o->seconds : WARM_UP));
  }
  return report(o, &counts, seconds);
}

enum { TRIPS_PER_BATCH = 1000, MAX_BATCHES = 1 << 16 };
static struct {
  alignas(LINE) _Atomic uint32_t turn;  // odd: the second core's; even: the first one's; UINT32_MAX: the end
} ball;

static void *return_ball(void *context) {
  for (uint32_t seen; (seen = atomic_load_explicit(&ball.turn, memory_order_acquire)) != UINT32_MAX;) {
    if (seen & 1) atomic_store_explicit(&ball.turn, seen + 1, memory_order_release);
    else idle();
  }
  return context;
}

static double batch_of_trips(void) {
  double begin = now();
  for (uint32_t sent = 1; sent < TRIPS_PER_BATCH * 2; sent += 2) {
    atomic_store_explicit(&ball.turn, sent, memory_order_release);
    while (atomic_load_explicit(&ball.turn, memory_order_acquire) != sent + 1) idle();
  }
  return (now() - begin) * 1e9 / TRIPS_PER_BATCH;
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

// The median of batches: one interruption of either thread costs milliseconds and would carry a mean away.
static int run_handover(const struct options *o) {
  double *batches = allocate(MAX_BATCHES * sizeof *batches), elapsed = 0;
  size_t count = 0;
  pthread_t thread = start(return_ball, NULL);
  for (double end = now() + WARM_UP; now() < end;) batch_of_trips();
  for (double begin = now(); elapsed < o->seconds && count < MAX_BATCHES; elapsed = now() - begin)
    batches[count++] = batch_of_trips();
  atomic_store_explicit(&ball.turn, UINT32_MAX, memory_order_release);
  pthread_join(thread, NULL);
  qsort(batches, count, sizeof *batches, ascending);
  printf("{\"mode\":\"handover\",\"cores\":%d,\"roundTrips\":%zu,\"seconds\":%.6f,\"nsPerRoundTrip\":%.1f,"
         "\"nsBest\":%.1f}\n", core_count, count * TRIPS_PER_BATCH, elapsed, batches[count / 2], batches[0]);
  return 0;
}

static int run_clock(const struct options *o) {
  uint64_t reads = 0;
  double elapsed = 0;
  for (double begin = now(); elapsed < o->seconds; reads++) elapsed = now() - begin;
  printf("{\"mode\":\"clock\",\"reads\":%" PRIu64 ",\"seconds\":%.6f,\"nsPerRead\":%.2f}\n", reads, elapsed,
         elapsed * 1e9 / (double)reads);
  return 0;
}

// ---- command line --------------------------------------------------------------------------------------------------
static const char USAGE[] =
  "usage: reference inline|thread|copy|handover|clock [--media null|copy] [--qd N] [--ring N] [--seconds S]\n"
  "       [--bytes MEDIUM_BYTES] [--sq-doorbell poll|command] [--cq-doorbell poll|half] [--seed N] [--verify]\n";

static void refuse(const char *name, const char *expected, const char *got) {
  fprintf(stderr, "reference: %s: expected %s, got %s\n%s", name, expected, got ? got : "nothing", USAGE);
  exit(2);
}

static int choice(const char *name, const char *const *names, const char *expected, const char *text) {
  for (int i = 0; text && names[i]; i++)
    if (!strcmp(text, names[i])) return i;
  refuse(name, expected, text);
  return 0;
}

static double number(const char *name, double least, double most, const char *digits, const char *text) {
  char expected[80];
  snprintf(expected, sizeof expected, "a %snumber from %.16g to %.16g", digits[10] ? "" : "whole ", least, most);
  char *end = NULL;
  double value = text && !text[strspn(text, digits)] ? strtod(text, &end) : -1;  // by itself it takes signs and nan
  if (!end || end == text || *end || value < least || value > most) refuse(name, expected, text);
  return value;
}

static void parse(struct options *o, int argc, char **argv) {
  static const char *const SQ[] = {"poll", "command", NULL}, *const CQ[] = {"poll", "half", NULL};
  static const char WHOLE[] = "0123456789", DECIMAL[] = "0123456789.";
  o->mode = choice("MODE", MODES, "inline|thread|copy|handover|clock", argc > 1 ? argv[1] : NULL);
  for (int i = 2; i < argc; i++) {
    const char *name = argv[i];
    const char *text = strcmp(name, "--verify") ? argv[++i] : "";  // argv[argc] is NULL: no value is "nothing"
    if (!strcmp(name, "--verify")) o->verify = true;
    else if (!strcmp(name, "--media")) o->media = choice(name, MEDIA, "null|copy", text);
    else if (!strcmp(name, "--qd")) o->qd = (uint32_t)number(name, 1, 65535, WHOLE, text);
    else if (!strcmp(name, "--ring")) o->ring = (uint32_t)number(name, 2, 65536, WHOLE, text);
    else if (!strcmp(name, "--seconds")) o->seconds = number(name, 0.001, 3600, DECIMAL, text);
    else if (!strcmp(name, "--bytes")) o->bytes = (uint64_t)number(name, BLOCK, 0x1p40, WHOLE, text);
    else if (!strcmp(name, "--sq-doorbell")) o->sq_doorbell = choice(name, SQ, "poll|command", text);
    else if (!strcmp(name, "--cq-doorbell")) o->cq_doorbell = choice(name, CQ, "poll|half", text);
    else if (!strcmp(name, "--seed")) o->seed = (uint64_t)number(name, 0, 0x1p53, WHOLE, text);
    else refuse("option", "one of those below", name);
  }
}

static const char *decimal(uint64_t value, char *text) {
  sprintf(text, "%" PRIu64, value);
  return text;
}

static void check(struct options *o) {
  char text[24];
  if (o->bytes % BLOCK) refuse("--bytes", "a multiple of 4096", decimal(o->bytes, text));
  if (o->ring & (o->ring - 1)) refuse("--ring", "a power of two", decimal(o->ring, text));
  if (o->mode <= THREAD && o->qd >= o->ring) refuse("--qd", "less than --ring", decimal(o->qd, text));
  if (o->mode <= THREAD && o->verify && !o->media) refuse("--verify", "--media copy", "--media null");
  if (o->mode == COPY) o->media = 1, o->ring = 0;  // what it reports: it copies, and has no ring
  o->seed = o->seed * 0x9e3779b97f4a7c15u + 0xbf58476d1ce4e5b9u;  // spread; 0, where xorshift stays, for none to 2^53
}

int main(int argc, char **argv) {
  static int (*const RUN[])(const struct options *) = {run_pair, run_pair, run_copy, run_handover, run_clock};
  struct options options = {.qd = 32, .ring = 1024, .bytes = 256 << 20, .seed = 1, .seconds = 1};
  if (argc == 2 && !strcmp(argv[1], "--help")) return fputs(USAGE, stdout) < 0;
  parse(&options, argc, argv);
  check(&options);
  int result = RUN[options.mode](&options);
  while (allocations > 0) free(allocated[--allocations]);
  return result;
}
