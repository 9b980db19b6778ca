// The comparison of two readings of one deck, and the reasons for which they may differ.

import { renderReveal } from './programs.js'

/**
 * Why a slide of FlightDeck's may differ from the program's. `of` says whether the reason holds for
 * a difference; the first reason that does is counted.
 */
export const reasons = [
  {
    name: 'other comments are notes',
    why: 'Slidev shows only the comment at the end of a slide to the speaker, and reveal.js none. A comment that is for no program is for people, and FlightDeck keeps it out of public answers.',
    of: (d) => d.what === 'notes' && d.program !== 'MARP' && includesAll(d.ours, d.theirs),
  },
  {
    name: 'comments for programs are no notes',
    why: 'Slidev takes any comment at the end of a slide, also those of prettier and markdownlint, for the speaker.',
    of: (d) => d.what === 'notes' && d.program !== 'REVEAL' && /^(?:prettier|markdownlint|cspell|fit|toc|_?\w+:)/.test(d.theirs),
  },
  {
    name: 'headings elsewhere',
    why: 'Slidev takes the first line that begins with # for the title, also in an element, a list or a comment; reveal.js has no titles, and its Markdown parser names headings in quotes and elements too. FlightDeck takes the first heading of the slide itself, also one that is underlined.',
    of: (d) => d.what === 'title' && (d.theirs === '' || d.ours === '' || d.source.split('\n').some((line) => /^\s*#+\s|^[=-]+\s*$/.test(line))),
  },
  {
    name: 'text below a --- that is no front matter',
    why: 'Slidev hides text right below a ---, up to the next ---, also when it has no fields. FlightDeck and Marp show it.',
    of: (d) => d.program === 'SLIDEV' && d.what !== 'title' && hidesText(d.deck),
  },
]

function includesAll(ours, theirs) {
  return theirs === '' || squeeze(ours).includes(squeeze(theirs))
}

// hidesText reports whether text that is no front matter stands right below a ---.
function hidesText(deck) {
  for (const [, block] of deck.matchAll(/^---[ \t]*\n(?=[^\n]*\S)([\s\S]*?)(?:^---[ \t]*$|$(?![\s\S]))/gm)) {
    if (block.split('\n').some((line) => !/^(?:\s|#|- |["']?[\p{L}\w.$-]+["']?\s*:(?:\s|$)|$)/u.test(line))) return true
  }
  return false
}

const comment = /<!--[\s\S]*?-->/g

/** Returns the words of a text, without comments and without a --- that opens it. */
export function words(text) {
  return squeeze(text.replace(comment, ' ').replace(/<aside\s[^>]*class=["']?notes\b[\s\S]*?(?:<\/aside\s*>|$)/g, ' ').replace(/^\s*-{3,}[ \t]*(?:\n|$)/, ''))
}

function squeeze(text) {
  return text.replace(/\s+/g, ' ').trim()
}

/** Returns the letters and digits of a title, without its markup. */
export function letters(title) {
  return String(title).replace(comment, '').replace(/!?\[([^\]]*)\](?:\([^)]*\)|\[[^\]]*\])/g, '$1').replace(/<[^>]*>|&#?\w+;|[^\p{L}\p{N}]/gu, '')
}

/** Returns a slide's text without its front matter. */
export function withoutFrontMatter(content) {
  return content.replace(/^---\n[\s\S]*?\n---(?:\n|$)/, '')
}

/**
 * Compares the slides of FlightDeck's with those of the program. Each difference says what differs,
 * and how.
 */
export function compare(program, deck, ours, theirs) {
  if (ours.length !== theirs.length) {
    return [{ program, deck, what: 'count', ours: ours.length, theirs: theirs.length, source: deck }]
  }
  const differences = []
  for (const [i, slide] of ours.entries()) {
    const other = theirs[i]
    const note = (what, a, b) => a === b || differences.push({ program, deck, what, slide: i + 1, ours: a, theirs: b, source: slide.content })
    note('text', words(withoutFrontMatter(slide.content)), words(other.text))
    note('notes', letters(program === 'REVEAL' ? renderReveal(slide.notes ?? '') : (slide.notes ?? '')), letters(other.notes.join(' ')))
    if (i > 0 || other.hidden?.title === undefined) note('title', letters(slide.title ?? ''), letters(other.title))
  }
  return differences
}
