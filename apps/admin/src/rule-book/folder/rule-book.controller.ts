import {
  faultsOf,
  jsonValue,
  ruleBookBytes,
  ruleBookFileBytes,
  ruleBookFolder,
  ruleBookPlan,
  ruleBookQuery,
  type JsonValue,
  type RuleBookFolder,
  type RuleBookPlan,
  type RuleBookQuery,
} from '#contract';
import { Describe, invalid, RequireScope, Section, TakesBody } from '#platform/http';
import type { Editor } from '#platform/store';
import { Controller, Get, Headers, Param, Put, Query, Req, Res, StreamableFile } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { EditorOf, tagged } from '../conditions.ts';
import { RuleBookDesk } from './rule-book-desk.ts';
import { jsonSchemaOf, schemaNouns, type SchemaNoun } from './schemas.ts';
import { fromTar, toTar } from './tar.ts';

const tarType = 'application/x-tar';
const folderExample = ruleBookFolder.meta()!['example'];

/** `/v1/rule-book`. */
@Section('Rule book')
@Controller('v1/rule-book')
export class RuleBookController {
  readonly #desk: RuleBookDesk;

  constructor(desk: RuleBookDesk) {
    this.#desk = desk;
  }

  @Get()
  @RequireScope('read')
  @Describe({
    summary: 'Shows the rule book as a folder of YAML',
    description:
      'One file per definition, everything but the backends, which have secrets; and JSON Schemas for editors below `schemas/`. A file changes ' +
      `only when its definition does. With \`Accept: ${tarType}\` as a tar archive. \`ETag\` holds the revision of the book.`,
    ok: { status: 200, description: 'The files.', schema: ruleBookFolder, example: folderExample },
    headers: { Accept: `\`application/json\` (also when absent), or \`${tarType}\`.` },
  })
  async get(
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<RuleBookFolder | StreamableFile> {
    const { revision, files } = await this.#desk.show();
    tagged(reply, revision);
    if (accept?.includes(tarType)) return new StreamableFile(toTar(files), { type: tarType });
    return { revision, files: Object.fromEntries(files) };
  }

  @Put()
  @RequireScope('edit')
  @TakesBody({ bodyLimitBytes: ruleBookBytes, takes: tarType })
  @Describe({
    summary: 'Makes the rule book what a folder of YAML says',
    description:
      'As one revision, live at once; with `dryRun=true` nothing changes and the plan is answered, faults included. What is not in the folder is ' +
      'removed, unless `keep=true`; backends stay as they are. All is checked together, as the book would stand. YAML may hold what JSON can: ' +
      `no aliases, no tags. At most ${ruleBookBytes / 1024 / 1024} MiB in all and ${ruleBookFileBytes / 1024 / 1024} MiB per file. Hidden files ` +
      '(`.git/…`) and `schemas/…` are not read.',
    ok: {
      status: 200,
      description: 'What changed, or would change.',
      schema: ruleBookPlan,
      example: ruleBookPlan.meta()!['example'],
    },
    bodies: {
      'application/json': { schema: ruleBookFolder, examples: { folder: folderExample } },
      [tarType]: {
        schema: z.string().meta({ description: 'A tar archive (ustar) of the folder: `tar -C book -c .`' }),
        examples: { archive: 'The bytes of an archive.' },
      },
    },
    headers: {
      'If-Match': 'The `ETag` of the book that the folder was made from. Refused with 412 when anything changed since.',
    },
    errors: ['DEFINITION_INVALID', 'PRECONDITION_FAILED'],
  })
  put(
    @Query({ schema: ruleBookQuery }) { dryRun, keep, comment }: RuleBookQuery,
    @EditorOf() editor: Editor,
    @Req() request: FastifyRequest,
  ): Promise<RuleBookPlan> {
    const wish = { editor: { ...editor, comment }, dryRun: dryRun === 'true', keep: keep === 'true' };
    return this.#desk.put(filesIn(request.body), wish);
  }

  @Get('schemas/:noun')
  @RequireScope('read')
  @Describe({
    summary: 'Shows the JSON Schema of the files of a noun',
    description:
      'Draft 7, for editors. The folder holds the same below `schemas/`, where the first line of each file points to.',
    ok: {
      status: 200,
      description: 'The schema.',
      schema: z.record(z.string(), jsonValue).meta({ id: 'JsonSchema' }),
      example: { $schema: 'http://json-schema.org/draft-07/schema#', title: 'group', type: 'object', properties: {} },
    },
  })
  schema(@Param('noun', { schema: z.enum(schemaNouns) }) wanted: SchemaNoun): Record<string, JsonValue> {
    return jsonSchemaOf(wanted);
  }
}

/** The files that a body holds, by name. Throws REQUEST_INVALID. */
function filesIn(body: unknown): Map<string, string> {
  if (Buffer.isBuffer(body)) return fromTar(body);
  const parsed = ruleBookFolder.safeParse(body);
  if (!parsed.success) throw invalid(faultsOf(parsed.error.issues));
  return new Map(Object.entries(parsed.data.files));
}
