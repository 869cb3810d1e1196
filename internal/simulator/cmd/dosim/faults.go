package main

// aboutFaults is the part of the usage text about --faults.
const aboutFaults = `
Faults are a list in YAML or JSON. Each counts the calls that match it and
strikes some of them:

  - kind: cut                 # the answer to the second create is lost
    call: POST /v2/droplets
    after: true
    nth: 2
    times: 1
  - kind: stale_list          # for ever, all lists lag five seconds behind
    delay: 5s
  - kind: never_active        # the first load balancer never comes up
    name: chat-lb-*
    times: 1
  - kind: server_error        # one call in fifty fails; the seed decides which
    rate: 0.02
    seed: 42
  - kind: unauthorized        # the token is revoked a minute after the start
    from: 1m

  kind    instead of an answer   rate_limited (delay: Retry-After), server_error,
                                 bad_gateway, stray_page, unavailable,
                                 unauthorized, quota, refused, cut, no_answer
          of an answer           slow (delay late), truncated, empty_object,
                                 not_found (GET by id, for delay after the
                                 create), stale_list (delay behind), empty_list,
                                 doubled_list
          of an action           action_errored
          of a droplet           never_active, never_addressed, vanishes and
                                 goes_off (delay after the create)
          of a reserved IP       bound_late (delay after the call), never_bound
  call    method, path or both; * stands for an id; default every call
  token   strike only calls with this token
  name    strike only droplets whose names match this pattern
  nth     the first matching call to strike, from 1; default 1
  times   how often to strike; default for ever
  rate    share of the matching calls to strike, and seed to choose them by
  from    strike only this long after the start, and for this long; default
  for     from the start, for ever
  after   carry the call out first: server_error, bad_gateway, stray_page,
          unavailable, cut, no_answer
  delay   how long or how late, such as 8s; see kind
`
