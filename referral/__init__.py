"""A worry about a child, dialled or texted, reaches the right duty bearer, who answers it.

The rooms, top floor to ground; imports point down only (enforced by the contracts in pyproject.toml):

    cli, app, settings                      build and join everything
    ussd, sms, simulator                    doors: protocol in, protocol out
    intake, dispatch, casework, upkeep      use cases: one verb, one transaction
    conversation, routing, reports,
    alerts, directory                       knowledge, mutually ignorant
    privacy                                 seal, codes, day keys, audit, logs
    store                                   engine, transaction(), column types, migrations
    texts, gateway                          catalogues; Africa's Talking
    vocabulary                              the words everyone shares
"""
