import { S3ServiceException } from '@aws-sdk/client-s3'

/** Status, code and message of a request that is meant to be refused. */
export async function refusal(request: Promise<unknown>) {
  try {
    await request
  } catch (error) {
    if (!(error instanceof S3ServiceException)) throw error
    return {
      status: error.$metadata.httpStatusCode,
      code: error.name,
      message: error.message,
    }
  }
  throw new Error('was not refused')
}
