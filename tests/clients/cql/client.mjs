// The reference engine over bundles: `node client.mjs LIBRARY.cql VALUESETS PEOPLE.ndjson DAY NAME...` writes a line of JSON a person, {id, NAME: value},
// then one with the seconds that execution alone took. The clock stands still while people are read and while the library is translated.
import { readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { SystemModelInfoProvider } from '@cqframework/cql/cql';
import { CqlTranslator, LibraryManager, ModelManager, createModelInfoProvider, createUcumService, stringAsSource } from '@cqframework/cql/cql-to-elm';

const require = createRequire(import.meta.url);
const cql = require('cql-execution');
const fhir = require('cql-exec-fhir');
const ucum = require('@lhncbc/ucum-lhc').UcumLhcUtils.getInstance();
const [library, valueSets, people, day, ...names] = process.argv.slice(2);
const AT_A_TIME = 500;

function translated(text) {
  const model = readFileSync(require.resolve('cql-exec-fhir/lib/modelInfos/fhir-modelinfo-4.0.1.xml'), 'utf8');
  const models = new ModelManager();
  models.modelInfoLoader.registerModelInfoProvider(new SystemModelInfoProvider());
  models.modelInfoLoader.registerModelInfoProvider(createModelInfoProvider((id, _, version) => (id === 'FHIR' && version === '4.0.1' ? stringAsSource(model) : null)));
  const units = createUcumService(
    (value, from, to) => String(ucum.convertUnitTo(from, Number(value), to).toVal),
    (unit) => (ucum.validateUnitString(unit).status === 'valid' ? null : `${unit} is no unit of UCUM`),
  );
  const elm = JSON.parse(CqlTranslator.fromText(text, new LibraryManager(models, undefined, undefined, units)).toJson());
  const faults = (elm.library.annotation ?? []).filter((a) => a.type === 'CqlToElmError' && a.errorSeverity === 'error');
  if (faults.length) {
    throw new Error(faults.map((f) => `${f.startLine}:${f.startChar} ${f.message}`).join('\n'));
  }
  return elm;
}

// The value sets by code: the service that comes with the engine looks through all codes of a set for each question.
class Terminology {
  constructor(folder) {
    this.sets = new Map();
    for (const file of readdirSync(folder)) {
      const set = JSON.parse(readFileSync(join(folder, file), 'utf8'));
      const codes = new Set(set.compose.include.flatMap((i) => i.concept.map((c) => `${i.system}|${c.code}`)));
      const codings = (asked) => (Array.isArray(asked) ? asked : (asked.codes ?? [asked]));
      this.sets.set(set.url, { oid: set.url, version: set.version, hasMatch: (asked) => codings(asked).some((c) => codes.has(`${c.system}|${c.code}`)) });
    }
  }

  findValueSet(url, version) {
    const set = this.sets.get(url);
    return set && (version == null || set.version === version) ? set : null;
  }

  findValueSetsByOid(url) {
    return this.sets.has(url) ? [this.sets.get(url)] : [];
  }
}

const loaded = new cql.Library(translated(readFileSync(library, 'utf8')), new cql.Repository({}));
const executor = new cql.Executor(loaded, new Terminology(valueSets), { 'As Of': cql.Date.parse(day) });
const bundles = readFileSync(people, 'utf8').split('\n').filter(Boolean).map((line) => JSON.parse(line));
const found = new Map();
let seconds = 0;
for (let first = 0; first < bundles.length; first += AT_A_TIME) {
  for (const name of names) {
    const source = fhir.PatientSource.FHIRv401();
    source.loadBundles(bundles.slice(first, first + AT_A_TIME));
    const begun = process.hrtime.bigint();
    const { patientResults } = await executor.exec_expression(name, source, cql.DateTime.fromJSDate(new Date(`${day}T12:00:00Z`), 0));
    seconds += Number(process.hrtime.bigint() - begun) / 1e9;
    for (const [id, one] of Object.entries(patientResults)) {
      found.set(id, { ...(found.get(id) ?? { id }), [name]: one[name] ?? null });
    }
  }
}
for (const one of found.values()) {
  console.log(JSON.stringify(one));
}
console.log(JSON.stringify({ seconds, persons: bundles.length }));
