# syntax=docker/dockerfile:1

# Builds the web app and installs what runs. Nothing is fetched at the start of a container.
FROM node:24-bookworm-slim AS build
WORKDIR /app
ENV PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD=1
COPY package.json package-lock.json .npmrc ./
RUN npm ci --no-audit --no-fund
COPY . .
RUN cd web && ../node_modules/.bin/vite build
RUN npm prune --omit=dev --no-audit --no-fund

# The runtime is a package of the lockfile, as everywhere: the image brings a C library and certificates.
FROM debian:bookworm-slim
RUN apt-get update \
 && apt-get install -y --no-install-recommends ca-certificates \
 && rm -rf /var/lib/apt/lists/* \
 && useradd --uid 10001 --home-dir /var/lib/vouchsafe --shell /usr/sbin/nologin vouchsafe \
 && install -d -o vouchsafe -g vouchsafe -m 0700 /var/lib/vouchsafe
WORKDIR /app
COPY --from=build /app/package.json /app/LICENSE ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/src src
COPY --from=build /app/db db
COPY --from=build /app/attacker attacker
COPY --from=build /app/verify verify
COPY --from=build /app/samples samples
COPY --from=build /app/packaging/healthcheck.mjs packaging/healthcheck.mjs
COPY --from=build /app/web/dist web/dist
ENV PATH=/app/node_modules/.bin:$PATH \
    VOUCHSAFE_HOME=/var/lib/vouchsafe \
    HOST=0.0.0.0 \
    PORT=8460 \
    METRICS_PORT=9464
USER 10001:10001
VOLUME /var/lib/vouchsafe
EXPOSE 8460
# The root file system can be read-only: only the home and /tmp are written to.
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s CMD ["node", "packaging/healthcheck.mjs"]
ENTRYPOINT ["node", "src/main.ts"]
CMD ["serve"]
