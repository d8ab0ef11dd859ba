/** The bundler gives such files as text. */
declare module "*.yaml" {
  const text: string;
  // biome-ignore lint/style/noDefaultExport: that is how the bundler names it
  export default text;
}
