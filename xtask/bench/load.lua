-- What wrk sends: the requests of a file in turn, from a number on. Each line is a method, a path, an access token (or
-- nothing) and a body (or nothing), with tabs between. "{n}" in a path becomes six digits that no request had before.
--
--   wrk [options] URL -- FILE FIRST again|once

local requests, size, turn, once = {}, 0, 0, false
exhausted = false

function init(arguments)
  turn, once = tonumber(arguments[2]), arguments[3] == "once"
  for line in io.lines(arguments[1]) do
    local method, path, token, body = line:match("^(%S+)\t(%S+)\t(%S*)\t(.*)$")
    local headers = { ["Content-Type"] = body ~= "" and "application/json" or nil }
    if token ~= "" then headers["Authorization"] = "Bearer " .. token end
    local text = wrk.format(method, path, headers, body ~= "" and body or nil)
    local at = text:find("{n}", 1, true)
    size = size + 1
    requests[size] = at and { text:sub(1, at - 1), text:sub(at + 3) } or text
  end
end

function request()
  local text, round = requests[turn % size + 1], math.floor(turn / size)
  if once and round > 0 then exhausted = true end
  turn = turn + 1
  if type(text) == "table" then return text[1] .. string.format("%06d", round) .. text[2] end
  return text
end

local threads = {}

function setup(thread)
  threads[#threads + 1] = thread
end

function done(summary, latency)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.status + errors.timeout
  local spent = false
  for _, thread in ipairs(threads) do spent = spent or thread:get("exhausted") end
  io.write(string.format(
    '{"requests":%d,"micros":%d,"failed":%d,"p50":%d,"p99":%d,"exhausted":%s}\n',
    summary.requests, summary.duration, failed, latency:percentile(50), latency:percentile(99), tostring(spent)
  ))
end
