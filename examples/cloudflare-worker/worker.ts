import { createWorker } from 'walhook/worker';
import config from './walhook.config';

export default createWorker(config);
