/** A list whose members know their place, so that any of them leaves without a search: least recently added first. */

/** A place that `owner` may take in one list at a time; make one for each list that it may be in. */
export class Place<Owner> {
  readonly owner: Owner
  list: LinkedList<Owner> | undefined = undefined
  previous: Place<Owner> | undefined = undefined
  next: Place<Owner> | undefined = undefined

  constructor(owner: Owner) {
    this.owner = owner
  }

  /** Leaves the list that it is in, if any. */
  leave(): void {
    this.list?.remove(this)
  }
}

export class LinkedList<Owner> {
  first: Place<Owner> | undefined = undefined
  last: Place<Owner> | undefined = undefined
  size = 0

  /** Puts `place` behind all others; it leaves where it was. */
  append(place: Place<Owner>): void {
    place.leave()
    place.list = this
    place.previous = this.last
    if (this.last === undefined) this.first = place
    else this.last.next = place
    this.last = place
    this.size += 1
  }

  /** Takes out `place`, which is in this list. */
  remove(place: Place<Owner>): void {
    if (place.previous === undefined) this.first = place.next
    else place.previous.next = place.next
    if (place.next === undefined) this.last = place.previous
    else place.next.previous = place.previous
    place.list = undefined
    place.previous = undefined
    place.next = undefined
    this.size -= 1
  }
}
