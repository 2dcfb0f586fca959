-- The request is in the environment. A line says that the first one is being sent; the totals leave as a line of JSON.
--
-- With several targets (a file with one on each line), each request has the next one. "{n}" in the body becomes the
-- request's number. If each target is for one request only (BENCH_ONCE), the totals say how many were sent again.
wrk.method = os.getenv("BENCH_METHOD")
wrk.body = os.getenv("BENCH_BODY")
local token, targets_file, once = os.getenv("BENCH_TOKEN"), os.getenv("BENCH_TARGETS"), os.getenv("BENCH_ONCE")
if wrk.body then wrk.headers["Content-Type"] = "application/json" end
if token then wrk.headers["Authorization"] = "Bearer " .. token end

local threads, targets, always = {}, {}, nil
sent, known = 0, 0

function setup(thread) table.insert(threads, thread) end

function init()
  if targets_file then
    for line in io.lines(targets_file) do table.insert(targets, line) end
    known = #targets
  else
    always = wrk.format()
  end
end

function request()
  sent = sent + 1
  if sent == 1 then
    io.write("started\n")
    io.flush()
  end
  if always then return always end
  local body = wrk.body and wrk.body:gsub("{n}", tostring(sent))
  return wrk.format(nil, targets[(sent - 1) % known + 1], nil, body)
end

function done(summary, latency)
  local e, repeated = summary.errors, 0
  if once then
    for _, thread in ipairs(threads) do repeated = repeated + math.max(0, thread:get("sent") - thread:get("known")) end
  end
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": %d, "repeated": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout, repeated))
end
