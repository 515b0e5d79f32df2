# syntax=docker/dockerfile:1
#   docker build --tag walhook .
#   docker run --rm --env DATABASE_URL --env HTTP_ENDPOINT_URL walhook drain
# A configuration file goes into /config. The image writes no file: --read-only works.

FROM node:22-slim AS dependencies
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:22-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json tsconfig.build.json ./
COPY scripts/build.mjs scripts/bundle-cli.mjs scripts/
COPY src src/
RUN node scripts/build.mjs

FROM node:22-slim
LABEL org.opencontainers.image.title="walhook" \
      org.opencontainers.image.description="Drains a Postgres logical replication slot to webhooks, and exits" \
      org.opencontainers.image.version="0.1.0" \
      org.opencontainers.image.licenses="MIT"
WORKDIR /usr/local/lib/walhook
COPY package.json LICENSE ./
COPY --from=dependencies /build/node_modules node_modules/
COPY --from=build /build/dist dist/
RUN ln -s /usr/local/lib/walhook/dist/entry/cli.js /usr/local/bin/walhook
ENV NODE_ENV=production \
    WALHOOK_HTTP_HOST=0.0.0.0 \
    WALHOOK_HTTP_PORT=8080
EXPOSE 8080
WORKDIR /config
# By number: Kubernetes sees that it is not root.
USER 1000:1000
# Of `serve`. The other commands end by themselves, before anybody looks.
HEALTHCHECK --interval=30s --timeout=5s --start-period=60s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.PORT ?? process.env.WALHOOK_HTTP_PORT}/health`).then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["walhook"]
CMD ["serve"]
