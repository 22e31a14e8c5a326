// Whether the process in this container is alive: asked of its listener for those inside (METRICS_PORT).
const port = process.env.METRICS_PORT ?? "9464";
const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
process.exit(answer?.status === 200 ? 0 : 1);
