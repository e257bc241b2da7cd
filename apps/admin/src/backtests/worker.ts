/** The thread that a back-test runs in. */
import { constants, setPriority } from 'node:os';
import { parentPort, workerData } from 'node:worker_threads';
import { work, type ThreadOrder } from './work.ts';

// On Linux every thread has a priority of its own; elsewhere this would slow down the whole process.
if (process.platform === 'linux') setPriority(constants.priority.PRIORITY_LOW);
await work(workerData as ThreadOrder, (message) => parentPort!.postMessage(message));
