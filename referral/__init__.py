"""A worry about a child, dialled or texted, reaches the right duty bearer, who answers it.

The rooms, top floor to ground; imports point down only (enforced by the contracts in pyproject.toml):

    cli                                     what operators type
    start, review, supervise, web           processes, and the applications they serve
    app, service, county, settings          build and join everything
    ussd, sms, simulator, open_data         doors: protocol in, protocol out
    observing                               figures, readiness
    officers, forgetting, backup            the keypad menu; what is forgotten; what is kept twice
    intake, dispatch, casework, upkeep      use cases: one verb, one transaction
    handover                                who is told next, mailbox and relay: shared by use cases
    conversation, understanding, routing,
    reports, alerts, directory              knowledge, mutually ignorant
    privacy                                 seal, keys, codes, day keys, audit, logs
    store                                   engine, transaction(), column types, migrations
    texts, gateway                          catalogues; Africa's Talking
    vocabulary                              the words everyone shares
"""
