import type { OpenAPIHono } from '@hono/zod-openapi'

interface Operation {
  readonly summary?: string
  readonly parameters?: readonly {
    readonly name: string
    readonly in: string
    readonly description?: string
  }[]
  readonly responses?: Readonly<Record<string, { readonly description?: string }>>
}

const documentInfo = { openapi: '3.1.0', info: { title: 'Gemba', version: '1' } }

/** `/api/v1/openapi.json`, and `/docs`: the same for people, without a script. */
export function addDocsRoutes(router: OpenAPIHono): void {
  router.doc31('/api/v1/openapi.json', documentInfo)
  router.get('/docs', c => {
    const document = router.getOpenAPI31Document(documentInfo)
    const operations = Object.entries(document.paths ?? {}).flatMap(([path, item]) =>
      Object.entries(item as Record<string, Operation>).map(([method, operation]) =>
        section(method, path, operation),
      ),
    )
    return c.html(page(operations.join('\n')))
  })
}

function section(method: string, path: string, operation: Operation): string {
  const parameters = (operation.parameters ?? []).map(
    ({ name, in: place, description }) =>
      `<tr><td><code>${escaped(name)}</code></td><td>${escaped(place)}</td><td>${escaped(description ?? '')}</td></tr>`,
  )
  const answers = Object.entries(operation.responses ?? {}).map(
    ([status, { description }]) => `<li><b>${escaped(status)}</b> ${escaped(description ?? '')}</li>`,
  )
  return `<section>
<h2><code>${escaped(method.toUpperCase())} ${escaped(path)}</code></h2>
<p>${escaped(operation.summary ?? '')}</p>
${parameters.length === 0 ? '' : `<table>${parameters.join('')}</table>`}
<ul>${answers.join('')}</ul>
</section>`
}

const page = (body: string): string => `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Gemba: REST interface</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #1b1f23; background: #e9ecee }
h2 { font-size: 1rem; border-top: 1px solid #a9afb4; padding-top: 1rem }
td { padding: 0 1rem 0 0; vertical-align: top }
</style>
<h1>REST interface</h1>
<p>The same for programs: <a href="/api/v1/openapi.json">/api/v1/openapi.json</a>. Errors are problem documents (RFC 9457); times are ISO 8601, UTC. Live values come over the stream at <code>/api/v1/stream</code>.</p>
${body}
</html>`

const entities: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
const escaped = (text: string): string => text.replace(/[&<>"]/g, character => entities[character] ?? '')
