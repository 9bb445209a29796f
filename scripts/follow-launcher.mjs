// Loaded into a job before its own code. The job is in a process group of its own (run.mjs says why), so that what kills the
// launcher's group at once, such as a time limit, misses the job. The channel to the launcher then closes, and the job ends too.
if (process.channel) {
  process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
  process.channel.unref();
}
