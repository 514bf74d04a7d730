-- The health of a SidecarAcceleration from its conditions, for Argo CD, which runs this script in Lua 5.1 with the base and table libraries
-- only. The directory has the layout of Argo CD's resource_customizations, tests included.

local function condition(kind)
  if obj.status ~= nil and obj.status.conditions ~= nil then
    for _, each in ipairs(obj.status.conditions) do
      if each.type == kind then
        return each
      end
    end
  end
  return nil
end

local function verdict(status, message)
  return { status = status, message = message }
end

local ready = condition("Ready")
local progressing = condition("Progressing")
local degraded = condition("Degraded")

if obj.metadata.deletionTimestamp ~= nil then
  if progressing ~= nil and progressing.reason == "Draining" then
    return verdict("Progressing", progressing.message)
  end
  return verdict("Progressing", "the resource is being deleted: the nodes remove the datapath")
end
if ready == nil then
  return verdict("Progressing", "no controller has reconciled the resource yet")
end
-- Conditions of an older generation, or without one, are not about the spec that Git has now.
if ready.observedGeneration == nil or ready.observedGeneration ~= obj.metadata.generation then
  return verdict("Progressing", "the controller has not seen the last change yet")
end
if degraded ~= nil and degraded.status == "True" then
  return verdict("Degraded", degraded.message)
end
if progressing ~= nil and progressing.status == "True" then
  return verdict("Progressing", progressing.message)
end
if ready.status ~= "True" then
  return verdict("Progressing", ready.message)
end
if ready.reason == "SwitchedOff" then
  return verdict("Suspended", "switched off: " .. ready.message)
end
if ready.reason == "Observing" then
  return verdict("Healthy", "only observing: " .. ready.message)
end
return verdict("Healthy", ready.message)
