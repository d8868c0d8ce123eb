import type { OpenAPIHono } from '@hono/zod-openapi'
import { contentSecurityPolicy, StaticFiles } from './static-files.js'

const unbuiltPage = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Gemba</title>
<style>body { font: 18px/1.5 system-ui, sans-serif; max-width: 40rem; margin: 4rem auto; padding: 0 1rem }</style>
<h1>The engine runs; its viewer is not built yet.</h1>
<p>Build it with <code>npm run build</code>, then load this page again. No restart is needed.</p>
<p>REST works without it: <a href="/docs">/docs</a>.</p>
</html>`

/** The viewer at `/`. */
export function addViewerRoutes(router: OpenAPIHono, staticDir: string): void {
  const files = new StaticFiles(staticDir)
  router.get('/', async c => {
    const page = await files.answer('/', c.req.raw.headers)
    return (
      page ??
      c.html(unbuiltPage, 200, {
        'cache-control': 'no-store',
        'content-security-policy': contentSecurityPolicy,
      })
    )
  })
  router.get('/*', async (c, next) => {
    const file = await files.answer(c.req.path, c.req.raw.headers)
    if (file !== undefined) return file
    await next()
    return undefined
  })
}
