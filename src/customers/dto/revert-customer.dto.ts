import { Integer } from '../../http/validation/rules';

/** Which version to go back to. */
export class RevertCustomerDto {
  @Integer({ min: 1, max: 2_147_483_647, required: true, description: 'The version to go back to', example: 1 })
  version!: number;
}
