# Two stages: what is needed to install stays behind, what runs is the interpreter, the pinned packages and the exporter.
# Any image with Python 3.11 or later as python3, and venv, will do.
ARG BASE=python:3.13-slim

FROM ${BASE} AS build
WORKDIR /build
COPY requirements ./requirements
RUN python3 -m venv /build/tools \
 && python3 -m venv --without-pip /opt/wolkvox-exporter \
 && /build/tools/bin/pip install --no-cache-dir --require-hashes --requirement requirements/build.txt \
 && /build/tools/bin/pip --python /opt/wolkvox-exporter/bin/python install --no-cache-dir --require-hashes \
        --requirement requirements/postgresql.txt
COPY pyproject.toml README.md LICENSE ./
COPY exporter ./exporter
# what exporter/wolkvox_exporter/assets links to
COPY grafana ./grafana
COPY prometheus ./prometheus
COPY victoriametrics ./victoriametrics
COPY alertmanager ./alertmanager
COPY docs ./docs
COPY deploy ./deploy
COPY config.example.yaml ./
RUN /build/tools/bin/pip wheel --no-cache-dir --no-deps --no-build-isolation --wheel-dir /build/wheel . \
 && /build/tools/bin/pip --python /opt/wolkvox-exporter/bin/python install --no-cache-dir --no-deps /build/wheel/*.whl

FROM ${BASE}
LABEL org.opencontainers.image.title="wolkvox-exporter" \
      org.opencontainers.image.description="Prometheus exporter for outbound campaigns of wolkvox" \
      org.opencontainers.image.licenses="Apache-2.0"
COPY --from=build /opt/wolkvox-exporter /opt/wolkvox-exporter
ENV PYTHONDONTWRITEBYTECODE=1
# a number, so that orchestrators can see that it is not root
USER 65534:65534
EXPOSE 10842
# without curl; it asks where the exporter's own command line says that it answers
HEALTHCHECK --interval=30s --timeout=5s --start-period=15s CMD ["/opt/wolkvox-exporter/bin/python", "-m", "wolkvox_exporter.cli.healthcheck"]
ENTRYPOINT ["/opt/wolkvox-exporter/bin/wolkvox-exporter"]
CMD ["--config.file=/etc/wolkvox-exporter/config.yaml"]
