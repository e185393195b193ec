-- Requests from files: FOLDER/1.json, 2.json ... are the bodies, each line of FOLDER/tokens is one token; every token is sent once.
-- wrk -t1 -cN -dS -s _service.lua URL -- FOLDER BODIES

local bodies, tokens, sent = {}, nil, 0

function init(arguments)
   local folder, count = arguments[1], tonumber(arguments[2])
   for i = 1, count do
      local file = assert(io.open(folder .. "/" .. i .. ".json", "rb"))
      bodies[i] = file:read("*a")
      file:close()
   end
   tokens = io.lines(folder .. "/tokens")
   wrk.headers["Content-Type"] = "application/json"
end

function request()
   local token = tokens()
   if token == nil then
      io.write("spent\n") -- wrk itself would sleep on until its time is up
      io.flush()
      wrk.thread:stop()
      tokens = function() return nil end
      return "" -- nothing is sent any more
   end
   sent = sent + 1
   wrk.headers["Authorization"] = "Bearer " .. token
   return wrk.format("POST", nil, nil, bodies[(sent - 1) % #bodies + 1])
end

function done(summary, latency, _requests)
   local e = summary.errors
   io.write(string.format(
      '\nwrk {"requests":%d,"seconds":%.6f,"p50":%.6f,"p99":%.6f,"longest":%.6f,"status":%d,"line":%d}\n',
      summary.requests, summary.duration / 1e6, latency:percentile(50) / 1e6, latency:percentile(99) / 1e6, latency.max / 1e6,
      e.status, e.connect + e.read + e.write + e.timeout))
end
