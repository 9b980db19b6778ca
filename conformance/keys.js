// The keys of docs/clients.md. A test compares them with the page.

/** Returns the key of an object: one for now, and one for each position of the past. */
export function keyOf({ __typename, id, asOf }) {
  if (!id) return undefined
  return asOf ? `${__typename}:${id}@${asOf}` : `${__typename}:${id}`
}

/** Relay's form of the key: the ids of FlightDeck are unique among all types. */
export function getDataID({ id, asOf }) {
  return asOf ? `${id}@${asOf}` : id
}
