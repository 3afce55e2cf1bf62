import { MemoryAlertLog } from '../../../../src/adapters/outbound/memory/alerts/memory-alert-log.ts';
import { describeAlertLog, KEPT } from '../../../contracts/alert-log.ts';

describeAlertLog('MemoryAlertLog', async () => new MemoryAlertLog(KEPT));
