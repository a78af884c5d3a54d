import { z } from 'zod';
import { interpretedType, type Roi } from '../bundles/manifest.ts';
import { inputsSchema } from './input-schema.ts';
import { asciiText } from './text-schemas.ts';

/** Where a structure can come from besides the bundles: found in the CT without a network. */
export const withoutNetwork = ['body', 'couch'] as const;
export type WithoutNetwork = (typeof withoutNetwork)[number];

export const recipeStructureSchema = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .max(16)
      .regex(/^[A-Za-z_~!^][A-Za-z0-9_~!^-]*$/, 'letters, digits and _ ~ ! ^ -, no digit or hyphen first, no spaces')
      .describe(
        'as the TPS shall show it, TG-263 recommended; at most 16 characters with the suffix of the destination',
      ),
    from: z
      .string()
      .regex(
        /^([a-z0-9][a-z0-9-]*\/[A-Za-z0-9_~!^-]+|body|couch)$/,
        'BUNDLE/ROI, such as head-neck/Parotid_L, or body, or couch',
      )
      .optional()
      .describe('BUNDLE/ROI, or `body` or `couch`, which need no network'),
    formula: z
      .string()
      .max(500)
      .optional()
      .describe('derived from structures of this recipe: docs/recipes.md explains the notation'),
    type: interpretedType
      .optional()
      .describe('RT ROI Interpreted Type; default: that of the bundle, EXTERNAL for the body, else ORGAN'),
    colour: z
      .tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)])
      .optional()
      .describe('red, green, blue, 0 to 255; default: that of the bundle, else one of a palette'),
    description: asciiText.max(400).optional().describe('begins ROI Description; default: that of the bundle'),
    need: z
      .enum(['optional', 'required'])
      .default('optional')
      .describe('a required structure that is not found is warned of'),
    deliver: z.boolean().default(true).describe('false: only for the formulas of others'),
    holes: z
      .enum(['keyhole', 'fill'])
      .optional()
      .describe('how holes are written; default: that of the bundle, else keyhole'),
  })
  .refine(({ from, formula }) => (from === undefined) !== (formula === undefined), {
    error: 'either from or formula',
  });

export const recipeSchema = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(31)
    .regex(/^[a-z0-9][a-z0-9-]*$/, 'small letters, digits and hyphens, no hyphen at the beginning')
    .describe('of the protocol: small letters, digits and hyphens; begins the structure set label'),
  description: z.string().default('').describe('for people'),
  structures: z.array(recipeStructureSchema).min(1).describe('in the order in which the TPS gets them'),
  inputs: inputsSchema.optional().describe('MR series that its models see beside the CT, by the name of their input'),
});

export type Recipe = z.output<typeof recipeSchema>;
export type RecipeStructure = Recipe['structures'][number];

/** Bundle and ROI that a structure comes from; undefined for one that needs no bundle. */
export function bundleRoi({ from }: Pick<RecipeStructure, 'from'>): { bundle: string; roi: string } | undefined {
  const [bundle, roi] = from?.split('/') ?? [];
  return bundle === undefined || roi === undefined ? undefined : { bundle, roi };
}

/** RT ROI Interpreted Type of a structure, `own` being the ROI of its bundle. */
export function structureType(
  { type, from }: Pick<RecipeStructure, 'type' | 'from'>,
  own: Pick<Roi, 'interpretedType'> | undefined,
): Roi['interpretedType'] {
  return type ?? own?.interpretedType ?? (from === 'body' ? 'EXTERNAL' : 'ORGAN');
}

/** The bundles of a recipe, in the order in which its structures name them. */
export function bundlesOf({ structures }: Pick<Recipe, 'structures'>): string[] {
  return [...new Set(structures.flatMap((structure) => bundleRoi(structure)?.bundle ?? []))];
}
