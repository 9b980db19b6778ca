// The three programs that show decks, as readers: each returns the slides of a text with their
// title, text and notes.

import { Marp } from '@marp-team/marp-core'
import { parseSync } from '@slidev/parser/core'
import RevealMarkdown from 'reveal.js/plugin/markdown'

export const programs = { SLIDEV: readSlidev, MARP: readMarp, REVEAL: readReveal }

function readSlidev(text) {
  return parseSync(text, 'slides.md').slides.map(({ title, content, note, frontmatter }) => ({
    title: title ?? '',
    text: content,
    notes: note ? [note] : [],
    hidden: frontmatter,
  }))
}

const marp = new Marp({ html: true })
const rule = /^ {0,3}([-*_])[ \t]*(?:\1[ \t]*){2,}$/

function readMarp(text) {
  const { comments } = marp.render(text, { htmlAsArray: true })
  const tokens = marp.markdown.parse(text, {})
  const lines = text.split('\n')
  const slides = []
  let level = 0 // of the blocks of a slide
  for (const [i, token] of tokens.entries()) {
    if (token.type === 'marpit_slide_open') {
      level = token.level + 1
      slides.push({ from: slides.length === 0 ? 0 : token.map[0], title: '' })
    } else if (token.type === 'heading_open' && token.level === level && slides.length > 0) {
      slides.at(-1).title ||= plainText(tokens[i + 1])
    }
  }
  return slides.map((slide, i) => {
    const own = lines.slice(slide.from, slides[i + 1]?.from)
    if (i > 0 && rule.test(own[0])) own.shift()
    const source = i === 0 ? own.join('\n').replace(/^---+[ \t]*\n[\s\S]*?\n---+[ \t]*(?:\n|$)/, '') : own.join('\n')
    return { title: slide.title, text: source, notes: comments[i] }
  })
}

/** Returns the text of an inline token of markdown-it. */
function plainText(token) {
  return token.children.map((child) => (child.type === 'softbreak' ? ' ' : child.type === 'image' ? plainText(child) : /html|comment/.test(child.type) ? '' : child.content)).join('')
}

const frontMatter = /^---\n(?=["']?[\w.$-]+["']?:(?:\s|$))[\s\S]*?\n---[ \t]*\n/
const reveal = RevealMarkdown()
reveal.init({ getConfig: () => ({ markdown: {} }), getRevealElement: () => ({ querySelectorAll: () => [] }) })

/** Renders notes as reveal.js does. */
export const renderReveal = (notes) => reveal.marked.parse(notes)

/** Reads a deck as reveal-md does: its front matter is no slide. */
function readReveal(text) {
  const slides = reveal.slidify(text.replace(frontMatter, ''), { notesSeparator: '^\\s*notes?:' }).split(/<section\s+data-markdown>/).slice(1)
  return slides.map((section) => {
    let source = section.replace(/^<script type="text\/template">/, '').replace(/<\/script><\/section>$/, '').replaceAll('__SCRIPT_END__', '</script>')
    const notes = []
    const aside = source.lastIndexOf('<aside class="notes">')
    if (aside >= 0 && source.endsWith('</aside>')) {
      notes.push(source.slice(aside + '<aside class="notes">'.length, -'</aside>'.length))
      source = source.slice(0, aside)
    }
    const heading = reveal.marked.lexer(source).find(({ type }) => type === 'heading')
    return { title: heading?.text ?? '', text: source, notes }
  })
}
