// Decks of any blocks in any order, the same ones in each run.

const blocks = {
  any: ['# Title', '## A *b* `c`', 'text\nmore text', '- a\n- b', '1. a', '> quote', '|a|b|\n|-|-|\n|1|2|', '```js\nlet a\n```',
    '```\n---\n```', '<div>\nx\n</div>', '<!-- note -->', '<!--\nnote\n\nmore\n-->', 'text <!-- inline -->', '***', '----', '![a](b.png)',
    'Title\n===', '# T <!-- fit -->', 'Note: seen', '`b` \\# x', '<!-- prettier-ignore -->\n| a |'],
  SLIDEV: ['<v-click>\n\nx\n\n</v-click>', '::right::', 'below\n---\n\nit', '~~~\na\n~~~'],
  MARP: ['<!-- _class: lead -->', 'Title\n---', '![bg](a.png)', '- a\n\n  ---', '~~~\n---\n~~~', '> ---', '- - -'],
  REVEAL: ['x <!-- .element: class="fragment" -->', '<!-- .slide: data-x="1" -->', 'below\n---\nit'],
}
const heads = {
  SLIDEV: ['', '---\ntheme: seriph\nlayout: cover\n---\n\n', '---\ntitle: Foo: bar\nfooter: @handle\n---\n\n'],
  MARP: ['---\nmarp: true\n---\n\n', '---\nmarp: true\nheadingDivider: 2\n_class: lead\n---\n\n'],
  REVEAL: [''],
}
const separators = {
  SLIDEV: ['\n\n---\n\n', '\n---\n\n', '\n\n---\nlayout: center\nclass: a\n---\n\n', '\n\n---\n# src: ./x.md\n---\n\n', '\n\n----\n\n'],
  MARP: ['\n\n---\n\n', '\n\n***\n\n', '\n\n---\n'],
  REVEAL: ['\n\n---\n\n', '\n---\n'],
}

/** Returns decks for a program. */
export function generate(program, count) {
  let state = 1
  const pick = (list) => {
    state = (state * 48271) % 2147483647
    return list[state % list.length]
  }
  return Array.from({ length: count }, (_, i) => {
    const slides = Array.from({ length: 1 + (i % 4) }, () =>
      Array.from({ length: 1 + (i % 3) }, () => pick([...blocks.any, ...blocks[program]])).join('\n\n'))
    return pick(heads[program]) + slides.reduce((deck, slide) => deck + pick(separators[program]) + slide) + '\n'
  })
}
