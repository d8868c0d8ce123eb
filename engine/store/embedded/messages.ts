/** What goes between the engine and the process of the embedded database. */
export type ToChild =
  | {
      readonly kind: 'start'
      readonly path: string
      /** 0 = any free one. */
      readonly port: number
      readonly secret: string
      readonly payloadFolder: string
      readonly readerMemory: number
    }
  | { readonly kind: 'stop' }

export type FromChild =
  | { readonly kind: 'listening'; readonly port: number }
  | { readonly kind: 'failed'; readonly message: string }
