"""A recorded computation as something to hold: order, names, values, checks, replay, tracing."""
