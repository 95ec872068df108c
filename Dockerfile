# Built in one stage with everything that building needs, run in another with what the tracker needs and nothing else.
FROM node:22-slim AS build
WORKDIR /app
# Manifests first: as long as they do not change, the installation is taken from the cache.
COPY package.json package-lock.json .npmrc ./
COPY apps/tracker/package.json apps/tracker/
COPY apps/ui/package.json apps/ui/
COPY examples/order-fulfilment/package.json examples/order-fulfilment/
COPY libs/api/package.json libs/api/
COPY libs/bpmn/package.json libs/bpmn/
COPY libs/log/package.json libs/log/
COPY migrations/package.json migrations/
RUN npm ci
COPY . .
RUN npm run build && npm prune --omit=dev

FROM node:22-slim
ENV NODE_ENV=production TIDEMARK_HOST=0.0.0.0 TIDEMARK_DATA=/data
WORKDIR /app
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/apps/tracker apps/tracker
COPY --from=build /app/apps/ui/package.json apps/ui/
COPY --from=build /app/apps/ui/dist apps/ui/dist
COPY --from=build /app/examples examples
COPY --from=build /app/libs libs
COPY --from=build /app/migrations migrations
# Never root; the data directory belongs to the user that writes it.
RUN mkdir /data && chown node:node /data
USER node
VOLUME /data
EXPOSE 3000
# TIDEMARK_TOKEN (or TIDEMARK_TOKEN_FILE) must be given: beyond the loopback interface the tracker does not start without.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3000/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--max-semi-space-size=32", "apps/tracker/bin/tidemark.js", "serve"]
