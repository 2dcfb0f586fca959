# Built in one stage and run from another: the image has no compiler, no cache, and no root.
FROM python:3.11-slim AS build
WORKDIR /src
RUN python -m venv /opt/tickbox
COPY requirements.txt .
RUN /opt/tickbox/bin/pip install --no-cache-dir --require-hashes --no-deps -r requirements.txt
COPY . .
RUN /opt/tickbox/bin/pip install --no-cache-dir --no-deps ./contract .

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data tickbox && install -d -o tickbox /data/var
COPY --from=build /opt/tickbox /opt/tickbox
ENV PATH=/opt/tickbox/bin:$PATH TICKBOX_HOST=0.0.0.0
USER tickbox
WORKDIR /data
VOLUME /data/var
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=5s CMD \
    ["python", "-c", "import os, urllib.request as u; port = os.environ.get('TICKBOX_PORT', '8080'); u.urlopen(f'http://127.0.0.1:{port}/readyz', timeout=2)"]
# One process migrates; run `tickbox migrate` by itself before several replicas start.
CMD ["sh", "-c", "tickbox migrate && exec tickbox serve"]
