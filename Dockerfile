# Compiles the sources; what is needed for that stays behind.
FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY bin bin
COPY src src
COPY docs docs
COPY scripts/prepack.ts scripts/prepack.ts
COPY tsconfig.json tsconfig.build.json tsconfig.client.json ./
RUN node scripts/prepack.ts

# What runs needs no install script: argon2 brings its compiled form, and Node.js is the image's own.
FROM node:24-bookworm-slim AS modules
WORKDIR /modules
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --ignore-scripts --no-audit --no-fund

FROM node:24-bookworm-slim
LABEL org.opencontainers.image.title="Holdfast" org.opencontainers.image.licenses="Apache-2.0"
ENV NODE_ENV=production
# Folders that volumes may be mounted on: a new volume takes over whose they are. No program runs as somebody else than who
# starts it, and no package manager is left.
RUN install -d -m 0700 -o node -g node /data /keys \
  && rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack /opt/yarn-* \
  && find / -xdev -type f -perm /6000 -exec chmod a-s {} + \
  && printf '#!/bin/sh\nexec node /app/bin/holdfast.js "$@"\n' > /usr/local/bin/holdfast && chmod 0755 /usr/local/bin/holdfast
WORKDIR /app
COPY --from=modules /modules/node_modules node_modules
COPY --from=build /build/dist dist
COPY bin bin
COPY docs docs
COPY package.json LICENSE README.md ./
# Nothing of the program belongs to whom it runs as; only /data and /tmp are written to.
USER node
ENV HOLDFAST_DATA=/data
VOLUME /data
EXPOSE 3000 3001 3002
STOPSIGNAL SIGTERM
# A first start makes a store and its indexes, which a slow machine is given a minute for; whoever answers is healthy at once.
HEALTHCHECK --interval=5s --timeout=3s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:3002/health/ready').then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["holdfast"]
CMD ["serve"]
