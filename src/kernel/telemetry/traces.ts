import {
  type Attributes,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from "@opentelemetry/api";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-http";
import { resourceFromAttributes } from "@opentelemetry/resources";
import { BatchSpanProcessor, TracerProvider } from "@opentelemetry/sdk-trace";

/** Spans of requests, jobs and what is done in them. Nothing of what comes in decides over their ids. */
export interface Traces {
  root(id: string, name: string): (name: string, failed: boolean, attributes: Attributes) => void;
  child(id: string, name: string): (failed: boolean) => void;
  close(): Promise<void>;
}

/** Of requests and jobs under way: beyond this many a span has no parent. */
const MOST_OPEN = 10_000;

export function openTraces(endpoint: string, version: string): Traces {
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ "service.name": "vouchsafe", "service.version": version }),
    spanProcessors: [
      new BatchSpanProcessor({ exporter: new OTLPTraceExporter({ url: `${endpoint}/v1/traces` }) }),
    ],
  });
  const tracer = provider.getTracer("vouchsafe", version);
  const open = new Map<string, Span>();
  const end = (span: Span, failed: boolean) => {
    if (failed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
  };
  return {
    root(id, name) {
      const span = tracer.startSpan(name, { kind: SpanKind.SERVER }, ROOT_CONTEXT);
      if (open.size < MOST_OPEN) open.set(id, span);
      return (named, failed, attributes) => {
        open.delete(id);
        span.updateName(named);
        span.setAttributes(attributes);
        end(span, failed);
      };
    },
    child(id, name) {
      const parent = open.get(id);
      const span = tracer.startSpan(name, {}, parent ? trace.setSpan(ROOT_CONTEXT, parent) : ROOT_CONTEXT);
      return (failed) => end(span, failed);
    },
    close: () => provider.shutdown(),
  };
}
