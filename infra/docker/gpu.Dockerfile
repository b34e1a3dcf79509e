# Model inference on NVIDIA GPUs: the program of the CPU image, onnxruntime's CUDA provider, and CUDA itself.
ARG PROGRAM=tradewind/model-inference:local
ARG CUDA=nvidia/cuda:12.9.1-cudnn-runtime-ubuntu24.04

FROM ${PROGRAM} AS provider
# As onnxruntime's script names it; skip leaves it out.
ARG PROVIDER=cuda12
USER root
# The provider's files are too large for the npm registry; onnxruntime's own script brings the ones of its version.
RUN cd "$(dirname "$(find -L /app/node_modules/.pnpm -path '*/node_modules/onnxruntime-node/package.json' -print -quit)")" \
 && node script/install.js --onnxruntime-node-install="$PROVIDER"

FROM ${CUDA}
ENV NODE_ENV=production TRADEWIND_CONFIG=/app/configs TRADEWIND_SERVICE=model-inference
WORKDIR /app
COPY --from=provider /usr/local/bin/node /usr/local/bin/node
COPY --from=provider /app ./
USER 1000:1000
HEALTHCHECK --interval=5s --timeout=4s --start-period=60s --retries=3 CMD ["node", "health.mjs"]
CMD ["node", "services/model-inference/src/main.ts"]
