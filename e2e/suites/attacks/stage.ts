// The components that several attacks need: started when the first attack asks for them, and ended with the run.
import { compiled } from '../../stand/api/controllerProcess';
import { chartSettings } from '../../stand/api/chartSettings';
import { LiveBench } from '../../stand/api/liveBench';

export class Stage {
  private bench: LiveBench | undefined;

  /**
   * A compiled controller that has just started and is the leader, with the memory settings of the chart and with live data, on a real API
   * server that all attacks share. An agent on node1 is connected to it.
   */
  async controller(): Promise<LiveBench> {
    if (this.bench === undefined) {
      this.bench = await LiveBench.start({
        program: compiled,
        environmentOf: async (server) => ({ ...(await chartSettings(server)), LOG_LEVEL: 'info' }),
      });
      await this.bench.agent();
      return this.bench;
    }
    const { controller } = this.bench.bench;
    await controller.stop();
    controller.log.length = 0;
    await controller.start();
    await this.bench.available();
    return this.bench;
  }

  async end(): Promise<void> {
    await this.bench?.stop();
  }
}
