-- The request is in the environment, and the totals leave as one line of JSON.
--
-- With several targets (a file with one on each line), each request has the next one. "{n}" in the body becomes the
-- request's number. If each target is for one request only (BENCH_ONCE), any that is sent again counts as an error.
wrk.method = os.getenv("BENCH_METHOD")
wrk.body = os.getenv("BENCH_BODY")
local token, targets_file, once = os.getenv("BENCH_TOKEN"), os.getenv("BENCH_TARGETS"), os.getenv("BENCH_ONCE")
if wrk.body then wrk.headers["Content-Type"] = "application/json" end
if token then wrk.headers["Authorization"] = "Bearer " .. token end

local threads, targets = {}, {}
sent, known = 0, 0

function setup(thread) table.insert(threads, thread) end

if targets_file then
  function init(args)
    wrk.init(args)
    for line in io.lines(targets_file) do table.insert(targets, line) end
    known = #targets
  end

  function request()
    local target = targets[sent % known + 1]
    sent = sent + 1
    return wrk.format(nil, target, nil, wrk.body and wrk.body:gsub("{n}", tostring(sent)))
  end
end

function done(summary, latency)
  local e, repeated = summary.errors, 0
  if once then
    for _, thread in ipairs(threads) do repeated = repeated + math.max(0, thread:get("sent") - thread:get("known")) end
  end
  io.write(string.format(
    '{"requests": %d, "duration_us": %d, "p50_us": %d, "p99_us": %d, "errors": %d, "statuses": %d, "repeated": %d}\n',
    summary.requests, summary.duration, latency:percentile(50), latency:percentile(99),
    e.connect + e.read + e.write + e.status + e.timeout, e.status, repeated))
end
