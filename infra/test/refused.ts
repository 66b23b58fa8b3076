/**
 * Templates that AWS refuses and that only cfn-lint sees: the local stack does not look into these types. Each is the
 * variant with everything, with one change; `lint-templates.sh` expects the rule's finding in it. What the local stack
 * itself refuses is in `crates/local-stack/src/template/tests/refused.rs`.
 */
import type { Any } from './support';

export interface Refused {
  readonly name: string;
  /** cfn-lint's rule. */
  readonly rule: string;
  readonly type: string;
  /** Spoils the properties of the first resource of the type. */
  readonly change: (properties: Any) => void;
}

const FUNCTION = 'AWS::Lambda::Function';

export const REFUSED: Refused[] = [
  { name: 'function-without-code', rule: 'E3003', type: FUNCTION, change: (p) => delete p.Code },
  { name: 'function-without-role', rule: 'E3003', type: FUNCTION, change: (p) => delete p.Role },
  { name: 'function-with-a-role-by-name', rule: 'E3031', type: FUNCTION, change: (p) => (p.Role = 'whoami') },
  { name: 'function-with-an-old-runtime', rule: 'E3030', type: FUNCTION, change: (p) => (p.Runtime = 'nodejs1.x') },
  { name: 'function-with-too-little-memory', rule: 'E3034', type: FUNCTION, change: (p) => (p.MemorySize = 64) },
  { name: 'function-that-runs-too-long', rule: 'E3717', type: FUNCTION, change: (p) => (p.Timeout = 901) },
  {
    name: 'function-with-a-long-description',
    rule: 'E3033',
    type: FUNCTION,
    change: (p) => (p.Description = 'd'.repeat(257)),
  },
  { name: 'function-with-another-property', rule: 'E3002', type: FUNCTION, change: (p) => (p.Memory = 128) },
  {
    name: 'permission-for-nothing',
    rule: 'E3003',
    type: 'AWS::Lambda::Permission',
    change: (p) => delete p.Action,
  },
  {
    name: 'permission-for-nobody',
    rule: 'E3003',
    type: 'AWS::Lambda::Permission',
    change: (p) => delete p.Principal,
  },
  {
    name: 'log-kept-for-eight-days',
    rule: 'E3030',
    type: 'AWS::Logs::LogGroup',
    change: (p) => (p.RetentionInDays = 8),
  },
  { name: 'route-of-no-api', rule: 'E3003', type: 'AWS::ApiGatewayV2::Route', change: (p) => delete p.ApiId },
  { name: 'stage-without-name', rule: 'E3003', type: 'AWS::ApiGatewayV2::Stage', change: (p) => delete p.StageName },
  {
    name: 'stage-with-another-property',
    rule: 'E3002',
    type: 'AWS::ApiGatewayV2::Stage',
    change: (p) => (p.Throttle = 1),
  },
  {
    name: 'custom-resource-of-nobody',
    rule: 'E3003',
    type: 'Custom::S3AutoDeleteObjects',
    change: (p) => delete p.ServiceToken,
  },
];
