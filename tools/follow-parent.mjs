/** Loaded into a child process: when the parent is gone, even killed, the child ends as if it had been asked to. */
process.once('disconnect', () => process.kill(process.pid, 'SIGTERM'));
process.channel?.unref();
