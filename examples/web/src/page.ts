// The page: buttons for the functions of the other files.

import { type Api, connect } from './api.js'
import { type Content, create, type Cursor, head, list } from './contents.js'
import { type Changes, type Conflict, edit } from './edit.js'
import { type FeedEvent, follow } from './feed.js'
import { logIn, register } from './session.js'

function element<E extends HTMLElement>(id: string): E {
  const found = document.getElementById(id)
  if (!found) throw new Error(`the page has no ${id}`)
  return found as E
}

const time = element<HTMLInputElement>('time')
const editor = element<HTMLFormElement>('editor')
const title = editor.elements.namedItem('title') as HTMLInputElement
const text = editor.elements.namedItem('content') as HTMLTextAreaElement

const url = new URL('/graphql', location.href).href
let api: Api
let end: Cursor
/** The content in the editor, as it was when it was opened. */
let opened: Content | undefined
/** The position that the list shows; undefined stands for now. */
let asOf: string | undefined
let stop = () => {}
/** The number of times the list was requested. */
let turns = 0

/** Runs a task and shows its error on the page. */
async function attempt(task: () => Promise<void>): Promise<void> {
  const problem = element('problem')
  problem.hidden = true
  try {
    await task()
  } catch (error) {
    problem.textContent = words(error)
    problem.hidden = false
  }
}

function words(problem: unknown): string {
  if (problem instanceof CloseEvent) return `the connection has ended: ${problem.reason}`
  if (Array.isArray(problem)) return problem.map(words).join('; ')
  return typeof problem === 'object' && problem && 'message' in problem ? String(problem.message) : String(problem)
}

/** Connects again, as the user that this tab is logged in as. */
async function begin(): Promise<void> {
  stop()
  asOf = undefined
  await api?.socket.dispose()
  const token = sessionStorage.getItem('token') ?? undefined
  element('session').hidden = token !== undefined
  element('leave').hidden = token === undefined
  const line = element('line')
  api = connect(url, token, {
    on: {
      connected: () => (line.textContent = 'live'),
      closed: () => (line.textContent = 'connecting …'),
    },
  })
  end = await head(api)
  element('events').replaceChildren()
  open(undefined)
  await show()
  const recently = String(Math.max(0, Number(end.position) - 50))
  stop = follow(api, { ...end, position: recently }, {
    event: happened,
    reset: () => void attempt(begin),
    failed: (error) => void attempt(() => Promise.reject(error)),
  })
}

/** Shows an event and its effect on the list. */
function happened({ position, type, actor, recordedAt }: FeedEvent): void {
  const item = entry(type, byline(actor, recordedAt))
  item.value = Number(position)
  element('events').prepend(item)
  if (Number(position) <= Number(end.position)) return // it is older than the page
  end = { ...end, position }
  if (asOf === undefined) void attempt(show)
  else time.max = position
}

function byline(actor: FeedEvent['actor'], recordedAt: string): string {
  return `${actor?.displayName ?? 'the operator'}, ${new Date(recordedAt).toLocaleTimeString()}`
}

function entry(what: string, more: string): HTMLLIElement {
  const item = document.createElement('li')
  const small = document.createElement('small')
  small.textContent = ` ${more}`
  item.append(what, small)
  return item
}

/** Shows the contents of now or of the chosen moment. */
async function show(): Promise<void> {
  time.max = end.position
  time.value = asOf ?? end.position
  element('moment').textContent = asOf === undefined ? 'now' : `at position ${asOf}`
  const turn = ++turns
  const contents = await list(api, asOf)
  if (turn !== turns) return // meanwhile the user chose another moment
  element('contents').replaceChildren(
    ...contents.map((content) => {
      const button = document.createElement('button')
      button.append(...entry(content.title, `version ${content.version}, ${content.status.toLowerCase()}`).childNodes)
      button.ariaCurrent = String(content.id === opened?.id)
      button.onclick = () => open(content, asOf === undefined)
      const item = document.createElement('li')
      item.append(button)
      return item
    }),
  )
}

/** Puts a content into the editor. Past versions can only be read. */
function open(content: Content | undefined, current = true): void {
  opened = content
  title.value = content?.title ?? ''
  text.value = content?.content ?? ''
  editor.inert = !content || !current
  element('version').textContent = content ? `version ${content.version}` : ''
}

/** Shows the events since an edit began, and asks for the changes to write now. */
async function meanwhile({ mine, theirs, since, clashes }: Conflict): Promise<Changes | undefined> {
  element('since').replaceChildren(
    ...since.map(({ type, actor, recordedAt }) => entry(type, byline(actor, recordedAt))),
  )
  const chosen: Changes = { ...mine }
  element('clashes').replaceChildren(
    ...clashes.map((field) => {
      const label = document.createElement('label')
      const choice = document.createElement('select')
      choice.append(new Option(`mine: ${mine[field]}`, 'mine'), new Option(`theirs: ${theirs[field]}`, 'theirs'))
      choice.onchange = () => (chosen[field] = choice.value === 'mine' ? mine[field] : theirs[field])
      label.append(`Both changed the ${field}: `, choice)
      return label
    }),
  )
  const dialog = element<HTMLDialogElement>('conflict')
  dialog.returnValue = ''
  dialog.showModal()
  await new Promise((resolve) => dialog.addEventListener('close', resolve, { once: true }))
  return dialog.returnValue === 'save' ? chosen : undefined
}

editor.onsubmit = (event) => {
  event.preventDefault()
  void attempt(async () => {
    if (!opened) return
    const changes: Changes = {}
    if (title.value !== opened.title) changes.title = title.value
    if (text.value !== opened.content) changes.content = text.value
    const saved = await edit(api, opened, changes, meanwhile)
    if (saved) open(saved)
  })
}
element('begin').onclick = () => void attempt(async () => open(await create(api, 'A new content', '')))
element('cut').onclick = () => api.socket.terminate()
time.oninput = () => {
  asOf = time.value === time.max ? undefined : time.value
  void attempt(show)
}
element('session').onsubmit = (event) => {
  event.preventDefault()
  const data = new FormData(event.currentTarget as HTMLFormElement)
  const way = ((event as SubmitEvent).submitter as HTMLButtonElement).value === 'register' ? register : logIn
  void attempt(async () => {
    sessionStorage.setItem('token', await way(api, String(data.get('email')), String(data.get('password'))))
    await begin()
  })
}
element('leave').onclick = () => {
  sessionStorage.removeItem('token')
  void attempt(begin)
}
void attempt(begin)
